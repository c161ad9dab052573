import { beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../api/client";
import { CredentialKeeper } from "./credential";

const post = vi.hoisted(() => vi.fn());
const remove = vi.hoisted(() => vi.fn(() => Promise.resolve({})));

vi.mock("../api/client", async (original) => ({
  ...(await original<typeof import("../api/client")>()),
  api: { POST: post, DELETE: remove },
}));
vi.mock("../api/session", () => ({ session: {} }));

const MINUTE = 60_000;

function answer(session: string) {
  return { data: { session, password: `of ${session}`, expires_at: new Date(Date.now() + 15 * MINUTE).toISOString() } };
}

const sessions = () => post.mock.calls.map(([, { body }]) => body.session);

describe("the credential of a phone", () => {
  const opened = vi.fn();
  const lost = vi.fn();

  beforeEach(() => {
    vi.useFakeTimers();
    for (const each of [opened, lost, post, remove]) each.mockClear();
  });

  async function started() {
    post.mockResolvedValueOnce(answer("a"));
    const keeper = new CredentialKeeper("Ana", opened, lost);
    await keeper.start();
    return keeper;
  }

  it("is renewed before it expires, and the phone is not registered anew for it", async () => {
    await started();
    post.mockImplementation(async () => answer("a"));
    await vi.advanceTimersByTimeAsync(30 * MINUTE);
    expect(sessions()).toEqual(["", "a", "a", "a", "a"]);
    expect(opened).toHaveBeenCalledTimes(1);
  });

  it("is kept while the server is away or asks for the password, and renewed after it", async () => {
    await started();
    post
      .mockRejectedValueOnce(new ApiError(0, "no-connection", ""))
      .mockRejectedValueOnce(new ApiError(401, "gone", ""));
    post.mockResolvedValueOnce(answer("a"));
    await vi.advanceTimersByTimeAsync(8 * MINUTE);
    expect(sessions()).toEqual(["", "a", "a", "a"]);
    expect(lost).not.toHaveBeenCalled();
  });

  it("is a new one after it has expired, as when the computer slept", async () => {
    await started();
    vi.setSystemTime(Date.now() + 60 * MINUTE);
    post.mockRejectedValueOnce(new ApiError(409, "phone-session-ended", "")).mockResolvedValueOnce(answer("b"));
    await vi.advanceTimersByTimeAsync(8 * MINUTE);
    expect(sessions()).toEqual(["", "a", ""]);
    expect(opened).toHaveBeenLastCalledWith(expect.objectContaining({ session: "b" }));
  });

  it("is lost to another browser before it has expired, and asked for no more", async () => {
    await started();
    post.mockRejectedValueOnce(new ApiError(409, "phone-session-ended", ""));
    await vi.advanceTimersByTimeAsync(60 * MINUTE);
    expect(lost).toHaveBeenCalledTimes(1);
    expect(sessions()).toEqual(["", "a"]);
  });

  it("is given back at the end", async () => {
    const keeper = await started();
    keeper.stop();
    await vi.advanceTimersByTimeAsync(60 * MINUTE);
    expect(post).toHaveBeenCalledTimes(1);
    expect(remove).toHaveBeenCalledWith("/v1/phone/session", {
      params: { query: { agent: "Ana", session: "a" } },
    });
  });
});
