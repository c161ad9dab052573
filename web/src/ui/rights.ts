import type { Schemas } from "../api/client";

type User = Pick<Schemas["UserDetail"], "id" | "level" | "permissions">;
type Level = User["level"];

const BELOW: Record<Level, readonly Level[]> = { admin: ["manager", "user"], manager: ["user"], user: [] };

/** Whether somebody manages another user: one who is below. The server decides; this hides what it would refuse. */
export function mayManage(self: User, other: User): boolean {
  return self.id !== other.id && BELOW[self.level].includes(other.level);
}

/** The levels that somebody may give: the own one, and those below. */
export function levelsFor(level: Level): Level[] {
  return [level, ...BELOW[level]];
}
