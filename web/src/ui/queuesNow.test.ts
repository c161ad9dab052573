import { expect, it } from "vitest";
import { queuesNow } from "./queuesNow";

type Waiting = Parameters<typeof queuesNow>[1];
type Available = Parameters<typeof queuesNow>[2];

const waiting = (...all: [string, string][]) => all.map(([queue, since]) => ({ queue, since })) as Waiting;
const free = (...all: string[][]) => all.map((queues) => ({ queues })) as Available;

it("puts the queue with the longest wait first and the others in their order", () => {
  const rows = queuesNow(["a", "b", "c", "d"], waiting(["d", "t2"], ["b", "t1"], ["d", "t0"], ["other", "t0"]), free());
  expect(rows.map(({ queue, waiting, since }) => [queue, waiting, since])).toEqual([
    ["d", 2, "t0"],
    ["b", 1, "t1"],
    ["a", 0, null],
    ["c", 0, null],
  ]);
});

it("counts an agent who is logged in to all queues for each of them once", () => {
  const rows = queuesNow(["a", "b"], waiting(), free([""], ["a"], ["", "a"], ["b", "elsewhere"]));
  expect(rows.map((row) => row.free)).toEqual([3, 3]);
});

it("keeps the rows of queues of which nothing changed as they are, so that they are not drawn anew", () => {
  const before = queuesNow(["a", "b"], waiting(["b", "t1"]), free(["a"], ["b"]));
  const after = queuesNow(["a", "b"], waiting(["b", "t1"]), free(["b"]), before);
  expect(after[0]).toBe(before[0]);
  expect(after[1]).not.toBe(before[1]);
});
