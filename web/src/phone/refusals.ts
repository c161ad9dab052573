import type { useText } from "../i18n";
import type { Refusal } from "./call";

/** What the agent is told of a transfer that was not taken: with the reason, which whoever looks after the PBX needs. */
export function refusalIn(text: ReturnType<typeof useText>, { reason }: Refusal): string {
  const told = text("attend.transfer.refused");
  return reason ? `${told} ${text("attend.transfer.reason", { reason })}` : told;
}
