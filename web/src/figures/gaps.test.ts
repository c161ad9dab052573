import { expect, it } from "vitest";
import { bandsOf, type Gap } from "./gaps";

const STARTS = [8, 9, 10].map((hour) => `2026-03-02T${String(hour).padStart(2, "0")}:00:00-03:00`);
const gap = (opened_at: string, closed_at: string | null) => ({ opened_at, closed_at }) as Gap;

it("draws a gap over every interval that it touches", () => {
  expect(bandsOf([gap("2026-03-02T08:58:00-03:00", "2026-03-02T09:03:00-03:00")], STARTS)).toEqual([[0, 1]]);
  expect(bandsOf([gap("2026-03-02T09:01:00-03:00", null)], STARTS)).toEqual([[1, 2]]);
});

it("begins with the chart if the gap began before it, and draws none that ended before", () => {
  expect(bandsOf([gap("2026-03-01T23:00:00-03:00", "2026-03-02T08:10:00-03:00")], STARTS)).toEqual([[0, 0]]);
  expect(bandsOf([gap("2026-03-01T22:00:00-03:00", "2026-03-01T23:00:00-03:00")], STARTS)).toEqual([]);
});
