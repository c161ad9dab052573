import type { Schemas } from "../api/client";

export type WallQueue = Schemas["WallQueue"];
/** How a queue stands: in its target, near to losing it, or out of it. */
export type Standing = "ok" | "attention" | "breach";

const NEAR_POINTS = 5;
const MUCH_TOO_LONG = 3;
const WORST_FIRST: Record<Standing, number> = { breach: 0, attention: 1, ok: 2 };

/** How long the first customer has waited, milliseconds; null if nobody waits. now: milliseconds since 1970 by the server's clock. */
export function longestWait(queue: WallQueue, now: number): number | null {
  return queue.waiting_since == null ? null : Math.max(0, now - Date.parse(queue.waiting_since));
}

/** By the queue's own target and threshold: attention within 5 points below the target or beyond the threshold, breach below that or beyond three times the threshold. */
export function standing(queue: WallQueue, now: number): Standing {
  const sla = queue.today.sla_percent ?? queue.sla_target;
  const wait = longestWait(queue, now) ?? 0;
  if (sla < queue.sla_target - NEAR_POINTS || wait > MUCH_TOO_LONG * queue.sla_ms) return "breach";
  if (sla < queue.sla_target || wait > queue.sla_ms) return "attention";
  return "ok";
}

/** The queues with the worst standing first; of the same standing by name, so that tiles move only when something changes. */
export function worstFirst(queues: readonly WallQueue[], now: number): WallQueue[] {
  const rank = (queue: WallQueue) => WORST_FIRST[standing(queue, now)];
  return [...queues].sort((a, b) => rank(a) - rank(b) || a.queue.localeCompare(b.queue));
}

/** The grid of a page: as many tiles as the wall is asked to have, in a shape that fits the screen, and no more than are needed. */
export function gridOf(queues: number, most: number, width: number, height: number): { columns: number; rows: number } {
  if (width < 600) return { columns: 1, rows: Math.max(1, Math.min(queues, Math.floor(height / 210))) };
  const tiles = Math.max(1, Math.min(queues, most));
  const columns = tiles === 1 ? 1 : tiles <= 4 ? 2 : 3;
  const rows = Math.ceil(tiles / columns);
  return height > width ? { columns: rows, rows: columns } : { columns, rows };
}

/** The pages of a wall, each with at most `size` queues; one empty page without queues. */
export function pagesOf<T>(queues: readonly T[], size: number): T[][] {
  const pages: T[][] = [];
  for (let start = 0; start < queues.length; start += size) pages.push(queues.slice(start, start + size));
  return pages.length ? pages : [[]];
}
