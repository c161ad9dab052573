import { describe, expect, it } from "vitest";
import { gridOf, longestWait, pagesOf, standing, type WallQueue, worstFirst } from "./standing";

const NOW = Date.parse("2026-03-02T14:00:00-03:00");

function queue(name: string, sla: number | null, waited: number | null): WallQueue {
  const waiting_since = waited === null ? null : new Date(NOW - waited * 1000).toISOString();
  const agents = { available: 0, on_call: 0, paused: 0, offline: 0, logged: 0, talking: 0, wrap_up: 0, ringing: 0 };
  const today = { offered: 1, answered: 1, abandoned: 0, sla_percent: sla, bounds: null, covered_to: null };
  return {
    queue: name,
    queue_id: name,
    waiting: waited === null ? 0 : 1,
    waiting_since,
    agents,
    sla_target: 80,
    sla_ms: 20_000,
    today,
  };
}

describe("how a queue stands", () => {
  it("follows its own target, with five points of attention below it", () => {
    expect([80, 100, null].map((sla) => standing(queue("a", sla, null), NOW))).toEqual(["ok", "ok", "ok"]);
    expect([79.99, 75].map((sla) => standing(queue("a", sla, null), NOW))).toEqual(["attention", "attention"]);
    expect([74.99, 0].map((sla) => standing(queue("a", sla, null), NOW))).toEqual(["breach", "breach"]);
  });

  it("follows the wait of its first customer, by its own threshold", () => {
    expect([20, 21, 60, 61].map((wait) => standing(queue("a", 100, wait), NOW))).toEqual([
      "ok",
      "attention",
      "attention",
      "breach",
    ]);
  });

  it("counts no wait before it began by this clock", () => {
    expect(longestWait(queue("a", 100, -5), NOW)).toBe(0);
    expect(longestWait(queue("a", 100, null), NOW)).toBeNull();
  });
});

it("puts the worst first and leaves the rest by name", () => {
  const all = [queue("d", 100, null), queue("b", 76, null), queue("c", 10, null), queue("a", 100, null)];
  expect(worstFirst(all, NOW).map((one) => one.queue)).toEqual(["c", "b", "a", "d"]);
});

it("fits the tiles to the screen and to their number", () => {
  expect(gridOf(20, 6, 1920, 1080)).toEqual({ columns: 3, rows: 2 });
  expect(gridOf(20, 9, 1920, 1080)).toEqual({ columns: 3, rows: 3 });
  expect(gridOf(3, 6, 1920, 1080)).toEqual({ columns: 2, rows: 2 });
  expect(gridOf(1, 6, 1920, 1080)).toEqual({ columns: 1, rows: 1 });
  expect(gridOf(20, 6, 1080, 1920)).toEqual({ columns: 2, rows: 3 });
  expect(gridOf(20, 6, 360, 740)).toEqual({ columns: 1, rows: 3 });
});

it("has every queue on exactly one page", () => {
  expect(pagesOf([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
  expect(pagesOf([], 6)).toEqual([[]]);
});
