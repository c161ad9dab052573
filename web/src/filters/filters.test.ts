import { describe, expect, it } from "vitest";
import { parseSearch, stringifySearch } from "./codec";
import { filtersOf, PERIODS, searchOf, VIEWS } from "./filters";

const NAMES = [
  "Vendas",
  "a & b",
  "x,y",
  '"aspas"',
  "00123",
  "true",
  "null",
  "ção 🎧",
  "a+b=c#d?e%20",
  "n".repeat(120),
  " com espaço ",
];

describe("the query of a URL", () => {
  it("keeps every name as the text that it is, also alone and also twice", () => {
    for (const name of NAMES) {
      for (const search of [{ servico: name }, { servico: [name, "outro"], agente: name }]) {
        expect(parseSearch(stringifySearch(search))).toEqual(search);
      }
    }
  });

  it("round-trips a thousand sets of filters", () => {
    let seed = 7;
    const pick = (most: number) => {
      seed = (seed * 48271) % 2147483647;
      return seed % most;
    };
    for (let round = 0; round < 1000; round++) {
      const search = searchOf(
        {
          servico: NAMES.filter(() => pick(3) === 0),
          agente: NAMES.filter(() => pick(4) === 0),
          "-servico": NAMES.filter(() => pick(5) === 0),
          "-agente": NAMES.filter(() => pick(6) === 0),
          periodo: PERIODS[pick(PERIODS.length)] ?? "hoje",
          ...(pick(2) && { de: "2026-11-01", ate: "2026-11-28" }),
          visao: pick(2) ? VIEWS[pick(VIEWS.length)] : undefined,
          em: pick(2) ? String(pick(1e6)) : undefined,
          fuso: pick(2) ? "America/Manaus" : undefined,
        },
        "hoje",
      );
      const { filters, dropped } = filtersOf(parseSearch(stringifySearch(search)), "hoje");
      expect(dropped).toEqual([]);
      expect(searchOf(filters, "hoje")).toEqual(search);
    }
  });

  it("drops what is no value and names it", () => {
    const { filters, dropped } = filtersOf(
      { periodo: "sempre", visao: "ano", em: "ontem?", fuso: "Lua/Mar", de: "2026-02-30x", servico: "Vendas" },
      "hoje",
    );
    expect(dropped.sort()).toEqual(["de", "em", "fuso", "periodo", "visao"]);
    expect(filters).toMatchObject({ servico: ["Vendas"], periodo: "hoje", em: undefined });
  });

  it("leaves defaults out", () => {
    expect(
      stringifySearch(searchOf({ servico: [], agente: [], "-servico": [], "-agente": [], periodo: "hoje" }, "hoje")),
    ).toBe("");
  });
});
