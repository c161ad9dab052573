import { expect, it } from "vitest";
import { bounded, keepsTarget, type Limits, limitsOf } from "./limits";

const NBSP = "\u00a0";

it("has limits only where a source's cut-off leaves a figure open", () => {
  const bounds = { missing_at_most: 3, sla_percent: [78, 86], offered: [10, 10] };
  expect(limitsOf(bounds, "sla_percent")).toEqual([78, 86]);
  expect(limitsOf(bounds, "offered")).toBeNull();
  expect(limitsOf(bounds, "asa_ms")).toBeNull();
  expect(limitsOf(null, "sla_percent")).toBeNull();
});

it("shows both limits, or the value", () => {
  expect(bounded("percent", 80, [78, 86], "pt-BR")).toBe(`78,00–86,00${NBSP}%`);
  expect(bounded("count", 1200, null, "pt-BR")).toBe("1.200");
});

it.each<[number | null, number | undefined, Limits, boolean | null]>([
  [80, 80, null, true],
  [79.99, 80, null, false],
  [81, 80, [80, 86], true],
  [79, 80, [70, 79.99], false],
  [82, 80, [78, 86], null],
  [80, 80, [78, 80], null],
  [82, undefined, null, null],
  [null, 80, null, null],
])("says of %s against %s within %s: %s", (value, target, limits, keeps) => {
  expect(keepsTarget(value, target, limits)).toBe(keeps);
});
