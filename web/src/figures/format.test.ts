import { expect, it } from "vitest";
import {
  between,
  clockTime,
  count,
  difference,
  duration,
  instant,
  interval,
  intervals,
  NONE,
  percent,
  points,
  timeOfDay,
} from "./format";

it("shows what has no case as a dash, never as 0", () => {
  for (const write of [count, percent, duration, clockTime, instant]) expect(write(null)).toBe(NONE);
  expect(count(0)).toBe("0");
  expect(duration(0)).toBe("00:00");
});

it("writes numbers as Brazil does", () => {
  expect(count(1234567)).toBe("1.234.567");
  expect(percent(86.4)).toBe("86,40\u00a0%");
  expect(percent(86.4, "en")).toBe("86.40\u00a0%");
});

it("cuts begun seconds and shows hours only where there are some", () => {
  expect(duration(59_999)).toBe("00:59");
  expect(duration(3_599_999)).toBe("59:59");
  expect(duration(3_600_000)).toBe("1:00:00");
  expect(clockTime(170_000)).toBe("00:02:50");
});

it("writes an instant by its own clock, whatever the browser's zone is", () => {
  expect(instant("2026-11-28T14:03:07.123-03:00")).toBe("28/11/2026 14:03:07");
});

it("writes the limits of a figure with one unit", () => {
  expect(between("percent", [83.1, 86.9])).toBe("83,10–86,90\u00a0%");
  expect(between("count", [412, 419])).toBe("412–419");
});

it("tells the two hours of a clock that is put back", () => {
  expect(interval("2018-02-17T23:00:00-02:00", "hour", "pt-BR", true)).toBe("23h −02");
  expect(interval("2018-02-17T23:00:00-03:00", "hour", "pt-BR", true)).toBe("23h −03");
  expect(interval("2026-11-27T00:00:00-03:00", "day", "pt-BR")).toBe("sex 27");
  expect(interval("2026-11-01T00:00:00-03:00", "month", "pt-BR")).toBe("nov/26");
});

it("writes a difference of percentages with its sign", () => {
  expect(points(2.11)).toBe("+2,11\u00a0p.p.");
  expect(points(-0.5)).toBe("−0,50\u00a0p.p.");
  expect(points(0)).toBe("0,00\u00a0p.p.");
  expect(points(null)).toBe(NONE);
});

it("writes the time of an instant with its milliseconds, also on a whole second", () => {
  expect(timeOfDay("2026-11-29T18:32:32.990-03:00")).toBe("18:32:32:990");
  expect(timeOfDay("2026-11-29T18:35:57-03:00")).toBe("18:35:57:000");
  expect(timeOfDay("2026-11-29T18:35:57.5Z")).toBe("18:35:57:500");
});

it("names the day of an hour where several days are shown", () => {
  expect(intervals(["2026-11-28T23:00:00-03:00", "2026-11-29T00:00:00-03:00"], "hour", "pt-BR")).toEqual([
    "23h\n28/11",
    "00h\n29/11",
  ]);
  expect(intervals(["2026-11-28T22:00:00-03:00", "2026-11-28T23:00:00-03:00"], "hour", "pt-BR")).toEqual([
    "22h",
    "23h",
  ]);
});

it("writes how far a figure is from what it was, with its sign and in its unit", () => {
  expect(difference("count", 1_250, 1_238)).toBe("+12");
  expect(difference("count", 3, 3)).toBe("0");
  expect(difference("percent", 83.1, 86.43)).toBe("−3,33\u00a0p.p.");
  expect(difference("duration", 74_000, 60_000)).toBe("+00:14");
  expect(difference("duration", 60_000, 74_000)).toBe("−00:14");
  expect(difference("duration", 60_400, 60_000)).toBe("00:00");
});
