// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from "vitest";
import { keep, keptAgent } from "./kept";

describe("the phone that a tab was before its page was loaded again", () => {
  beforeEach(() => sessionStorage.clear());

  it("is the agent's, of the same user alone", () => {
    keep({ agent: "Ana", user: "u1" });
    expect([keptAgent("u1"), keptAgent("u2")]).toEqual(["Ana", ""]);
  });

  it("is none once it was switched off", () => {
    expect(keptAgent("u1")).toBe("");
    keep({ agent: "Ana", user: "u1" });
    keep(null);
    expect(keptAgent("u1")).toBe("");
  });
});
