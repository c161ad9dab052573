import { expect, it } from "vitest";
import { webhookError } from "./webhookErrors";

it("says why a server did not answer in the console's words, and what it does not know as it came", () => {
  const said = (error: string) => webhookError(error, (key) => key);
  expect(said("the host has no address to which a webhook may go")).toBe("webhook.error.nowhere");
  expect(said("no answer within 10 s")).toBe("webhook.error.late");
  expect(said("no connection: ConnectError")).toBe("webhook.error.connection");
  expect(said("the receiver refused it")).toBe("the receiver refused it");
});
