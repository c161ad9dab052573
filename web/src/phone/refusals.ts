import type { useText } from "../i18n";
import type { Refusal } from "./refer";

/** What the agent is told of a transfer that was not made: with the reason, which whoever looks after the PBX needs. */
export function refusalIn(text: ReturnType<typeof useText>, { reason }: Refusal): string {
  if (!reason) return text("attend.transfer.unconfirmed");
  return `${text("attend.transfer.refused")} ${text("attend.transfer.reason", { reason })}`;
}
