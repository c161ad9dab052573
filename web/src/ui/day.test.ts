import { expect, it } from "vitest";
import { dayShown, dayWritten } from "./day";

it.each([
  ["2026-11-20", "20/11/2026"],
  ["12-25", "25/12"],
  ["25/1", "25/1"],
  ["", ""],
])("shows %s as people write it, and writes it back", (day, shown) => {
  expect(dayShown(day)).toBe(shown);
  expect(dayWritten(shown)).toBe(day);
});

it("lets a day be typed sign by sign", () => {
  let day = "";
  for (const sign of "25/12/2026") day = dayWritten(dayShown(day) + sign);
  expect(day).toBe("2026-12-25");
});
