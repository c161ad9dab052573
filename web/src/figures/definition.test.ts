import { expect, it } from "vitest";
import { type Definition, formulaOf } from "./definition";

const words = (text: string) => ({ "pt-BR": text, en: text });
const count = (key: string, label: string): Definition => ({
  key,
  kind: "figure",
  unit: "visits",
  label: words(label),
  meaning: words(""),
  formula: "",
  numerator: "",
  denominator: "",
  rounding: null,
});
const all = new Map(
  [
    count("answered_within_sla", "Atendidas NS"),
    count("answered", "Atendidas"),
    count("abandoned_short", "curtas"),
  ].map((one) => [one.key, one]),
);
const percentage = { ...count("profile x", "x"), unit: "percent" } as Definition;

it("writes a formula with the names of its figures and with the numbers of the page", () => {
  const definition = { ...percentage, numerator: "answered_within_sla", denominator: "answered - abandoned_short" };
  expect(formulaOf(definition, all, [1051, 1216], "pt-BR")).toEqual({
    words: "100 × Atendidas NS ÷ (Atendidas − curtas)",
    numbers: "100 × 1.051 ÷ 1.216",
  });
});

it("writes the sum of durations over the number of cases for a mean", () => {
  const definition = {
    ...percentage,
    unit: "ms",
    numerator: "answered_wait_ms",
    denominator: "answered",
  } as Definition;
  expect(formulaOf(definition, all, [33_300_000, 4], "pt-BR")?.numbers).toBe("09:15:00 ÷ 4");
});

it("has no formula for what is counted, and no numbers where the page has none", () => {
  expect(formulaOf(count("offered", "Recebidas"), all, undefined, "en")).toBeNull();
  expect(
    formulaOf({ ...percentage, numerator: "answered", denominator: "answered" }, all, undefined, "en")?.numbers,
  ).toBe("");
});
