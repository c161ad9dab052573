import { expect, it } from "vitest";
import { callFiltersOf, callQuestionOf, callSearchOf, intervalSearch } from "./calls";
import { parseSearch, stringifySearch } from "./codec";

it("round-trips the filters of calls through the address", () => {
  const query =
    "?status=answered&status=abandoned&tag=a+%26+b&ura=principal&qualidade=low&colunas=date&colunas=status&tipo=inbound&protocolo=4711&duracao=60-600&hora=09%3A00-12%3A30&ordem=asc";
  expect(stringifySearch(callSearchOf(callFiltersOf(parseSearch(query))))).toBe(query);
});

it("leaves out what is no value", () => {
  const filters = callFiltersOf({ status: ["answered", "lost"], hora: "25:00-26:00", duracao: "long", tipo: "both" });
  expect(callSearchOf(filters)).toEqual({ ...callSearchOf(callFiltersOf({})), status: ["answered"] });
});

it("asks the API in its own words and units", () => {
  const filters = callFiltersOf({ duracao: "60-90", hora: "22:00-06:00", tipo: "outbound", protocolo: "12" });
  expect(callQuestionOf(filters)).toEqual({
    order: "desc",
    direction: "outbound",
    protocol: 12,
    min_duration_ms: 60_000,
    max_duration_ms: 90_999,
    time_from: "22:00",
    time_to: "06:00",
  });
});

it("knows the dates of each interval of a chart", () => {
  expect(intervalSearch("2026-11-29T23:00:00-03:00", "hour")).toEqual({
    de: "2026-11-29",
    ate: "2026-11-29",
    hora: "23:00-00:00",
  });
  expect(intervalSearch("2026-11-23T00:00:00-03:00", "week")).toEqual({ de: "2026-11-23", ate: "2026-11-29" });
  expect(intervalSearch("2026-02-01T00:00:00-03:00", "month")).toEqual({ de: "2026-02-01", ate: "2026-02-28" });
});
