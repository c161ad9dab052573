import { expect, it } from "vitest";
import { daysLater, instantOf, marksOf, played, stretchOf, upcoming, written } from "./moments";

const ZONE = "America/Sao_Paulo";

it("writes an instant with the offset of the zone, and reads it back to the second", () => {
  const instant = Date.parse("2026-11-28T17:03:07.900Z");
  expect(written(instant, ZONE)).toBe("2026-11-28T14:03:07-03:00");
  expect(instantOf("2026-11-28T14:03:07-03:00", ZONE)).toBe(Date.parse("2026-11-28T17:03:07Z"));
  expect(instantOf("2026-11-28T14:03:07", ZONE)).toBe(Date.parse("2026-11-28T17:03:07Z"));
  expect(instantOf("113149", ZONE)).toBeNull();
  expect(instantOf(undefined, ZONE)).toBeNull();
});

it("knows that a day has 23 or 25 hours where the clock was set", () => {
  const hours = (text: string) => {
    const { from, to } = stretchOf(Date.parse(text), "dia", ZONE);
    return (to - from) / 3_600_000;
  };
  expect(hours("2018-11-04T15:00:00Z")).toBe(23);
  expect(hours("2018-02-17T15:00:00Z")).toBe(25);
  expect(written(daysLater(Date.parse("2018-11-03T14:00:00-03:00"), 1, ZONE), ZONE)).toBe("2018-11-04T14:00:00-02:00");
});

it("marks the hours of a day, and whole days where more are shown", () => {
  const names = (day: string, zoom: "dia" | "semana") =>
    marksOf(stretchOf(Date.parse(day), zoom, ZONE), ZONE).map(({ name }) => name);
  expect(names("2026-11-28T12:00:00-03:00", "dia")).toEqual(["00:00", "06:00", "12:00", "18:00"]);
  expect(names("2026-11-28T12:00:00-03:00", "semana")).toEqual([22, 23, 24, 25, 26, 27, 28].map((day) => `${day}/11`));
  // A day of 23 hours, which began at one o'clock.
  expect(names("2018-11-04T12:00:00-02:00", "dia")[0]).toBe("01:00");
});

it("shows whole days that end with that of the instant", () => {
  const { from, to } = stretchOf(Date.parse("2026-11-28T17:03:07Z"), "semana", ZONE);
  expect([written(from, ZONE), written(to, ZONE)]).toEqual(["2026-11-22T00:00:00-03:00", "2026-11-29T00:00:00-03:00"]);
});

it("plays at ten or sixty times the clock and stops at now", () => {
  const began = { at: 1_000, moment: 500_000 };
  expect(played(began, 3_400, 60, 10_000_000)).toBe(500_000 + 2 * 60_000);
  expect(played(began, 3_400, 1, 10_000_000)).toBe(502_000);
  expect(played(began, 1_000_000, 60, 700_000)).toBe(700_000);
});

it("knows the next moments of a play, so that they are fetched while one is shown, and none that is not past", () => {
  const began = { at: 1_000_000, moment: 500_000 };
  expect(upcoming(began, 1_002_300, 60, 9_000_000)).toEqual([680_000, 740_000]);
  expect(upcoming(began, 1_002_300, 60, 700_000)).toEqual([680_000]);
  expect(upcoming(began, 1_002_300, 60, 600_000)).toEqual([]);
});
