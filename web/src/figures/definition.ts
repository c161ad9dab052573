import type { Schemas } from "../api/client";
import type { Language } from "../i18n";
import { clockTime, count } from "./format";

export type Definition = Schemas["FigureDefinition"];

/** Numerator and denominator of each percentage and mean of a row, by the name of the figure. */
export type Terms = Readonly<Record<string, readonly [number, number] | readonly number[]>>;

interface Formula {
  /** The formula with the names of figures. */
  words: string;
  /** The same with the numbers of the page; "" if the page has none. */
  numbers: string;
}

/** The formula of a figure in words and with the numbers of a row; null for what is counted or measured itself. */
export function formulaOf(
  definition: Definition | undefined,
  all: ReadonlyMap<string, Definition>,
  terms: readonly number[] | undefined,
  language: Language,
): Formula | null {
  if (!definition?.denominator) return null;
  const isPercent = definition.unit === "percent";
  const first = isPercent ? "100 × " : "";
  const named = (keys: string) => {
    const words = keys.replace(/[a-z_]+/g, (key) => all.get(key)?.label?.[language] ?? key).replaceAll(" - ", " − ");
    return keys.includes(" ") ? `(${words})` : words;
  };
  const words = `${first}${named(definition.numerator)} ÷ ${named(definition.denominator)}`;
  const [above, below] = terms ?? [];
  if (above === undefined || below === undefined) return { words, numbers: "" };
  return {
    words,
    numbers: `${first}${isPercent ? count(above, language) : clockTime(above)} ÷ ${count(below, language)}`,
  };
}
