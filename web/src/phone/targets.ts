import type { Schemas } from "../api/client";

/** What is dialled at the PBX to reach somebody: the dialplan of phones in the browser has a pattern for each. */
export type TargetKind = "agent" | "queue" | "internal" | "outside";

const QUEUE = "fila_";

/** Where an agent is reached: the telephone that rings; null for one who has none. */
export function targetOfAgent(agent: Pick<Schemas["AgentDetail"], "interfaces">): string | null {
  return agent.interfaces[0]?.split("/")[1]?.split("@")[0] || null;
}

export function targetOfQueue(name: string): string {
  return QUEUE + name;
}

/** The digits of a number that somebody wrote with blanks, brackets and strokes; null if it is no number, as a code of the PBX (*72). */
export function targetOfNumber(written: string): string | null {
  const digits = written.replace(/[\s().-]/g, "").replace(/^\+/, "");
  return /^[0-9]{3,20}$/.test(digits) ? digits : null;
}
