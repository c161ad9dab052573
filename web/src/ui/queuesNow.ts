import type { Schemas } from "../api/client";

type Board = Schemas["LiveBoard"];

/** A queue of the board: who waits in it, and the agents who are free for it. */
export interface QueueNow {
  queue: string;
  waiting: number;
  /** Since when the first one waits; null if nobody does. */
  since: string | null;
  free: number;
}

/**
 * The queues by their longest wait; those in which nobody waits follow in the order of the API, by name.
 *
 * before: the rows that are shown. A queue of which nothing changed stays the same object, so that it is not drawn anew.
 */
export function queuesNow(
  names: readonly string[],
  waiting: Board["waiting"],
  available: Board["agents"]["available"],
  before: readonly QueueNow[] = [],
): QueueNow[] {
  const known = new Map(before.map((row) => [row.queue, row]));
  const waits = waitsOf(waiting);
  const { free, everywhere } = freeOf(available);
  const first: QueueNow[] = [];
  const rest: QueueNow[] = [];
  for (const queue of names) {
    const wait = waits.get(queue);
    const row = {
      queue,
      waiting: wait?.count ?? 0,
      since: wait?.since ?? null,
      free: (free.get(queue) ?? 0) + everywhere,
    };
    (wait ? first : rest).push(kept(known.get(queue), row));
  }
  // Instants of one zone are in the order of their texts.
  first.sort((a, b) => ((a.since ?? "") < (b.since ?? "") ? -1 : a.since === b.since ? 0 : 1));
  return [...first, ...rest];
}

function kept(before: QueueNow | undefined, row: QueueNow): QueueNow {
  const isSame = before && before.waiting === row.waiting && before.since === row.since && before.free === row.free;
  return isSame ? before : row;
}

function waitsOf(waiting: Board["waiting"]): Map<string, { count: number; since: string }> {
  const waits = new Map<string, { count: number; since: string }>();
  for (const { queue, since } of waiting) {
    const wait = waits.get(queue);
    waits.set(queue, { count: (wait?.count ?? 0) + 1, since: wait && wait.since < since ? wait.since : since });
  }
  return waits;
}

/** How many agents are free for each queue, and how many for all: those who are logged in to "". */
function freeOf(available: Board["agents"]["available"]): { free: Map<string, number>; everywhere: number } {
  const free = new Map<string, number>();
  let everywhere = 0;
  for (const { queues } of available) {
    if (queues.includes("")) everywhere += 1;
    else for (const queue of queues) free.set(queue, (free.get(queue) ?? 0) + 1);
  }
  return { free, everywhere };
}
