import type { Search } from "./codec";

export const PERIODS = ["hoje", "ontem", "7d", "semana", "mes", "30d"] as const;
export const VIEWS = ["hora", "dia", "semana", "mes"] as const;
export type Period = (typeof PERIODS)[number];
export type View = (typeof VIEWS)[number];

/** What a page is asked about. `em`: a position of the log, or an instant; without it the page is live. */
export interface Filters {
  servico: string[];
  agente: string[];
  /** All but these. */
  "-servico": string[];
  "-agente": string[];
  periodo: Period;
  de?: string;
  ate?: string;
  visao?: View;
  em?: string;
  fuso?: string;
}

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const MOMENT = /^(\d{1,16}|\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:\d{2})?)$/;

function many(value: Search[string] | undefined): string[] {
  const list = value === undefined ? [] : Array.isArray(value) ? value : [value];
  return [...new Set(list.filter((name) => name !== ""))];
}

function isDate(text: string | undefined): text is string {
  return text !== undefined && DATE.test(text) && !Number.isNaN(Date.parse(text));
}

function isZone(name: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat("en", { timeZone: name }));
  } catch {
    return false;
  }
}

/** The filters of a URL. `dropped` names the keys whose values are none: the page says so and goes on without them. */
export function filtersOf(search: Search, otherwise: Period): { filters: Filters; dropped: string[] } {
  const dropped: string[] = [];
  const one = (key: string, is: (value: string) => boolean): string | undefined => {
    const value = many(search[key])[0];
    if (value === undefined || is(value)) return value;
    dropped.push(key);
    return undefined;
  };
  const de = one("de", isDate);
  const ate = one("ate", isDate);
  const inOrder = de !== undefined && ate !== undefined && de <= ate;
  if (!inOrder && (de ?? ate) !== undefined) dropped.push(de === undefined ? "ate" : "de");
  const filters: Filters = {
    servico: many(search.servico),
    agente: many(search.agente),
    "-servico": many(search["-servico"]),
    "-agente": many(search["-agente"]),
    periodo: (one("periodo", (value) => PERIODS.includes(value as Period)) as Period | undefined) ?? otherwise,
    ...(inOrder && { de, ate }),
    visao: one("visao", (value) => VIEWS.includes(value as View)) as View | undefined,
    em: one("em", (value) => MOMENT.test(value)),
    fuso: one("fuso", isZone),
  };
  return { filters, dropped };
}

/** The part of a URL that says `filters`; defaults are left out. */
export function searchOf(filters: Filters, otherwise: Period): Search {
  const { servico, agente, periodo, de, ate, visao, em, fuso } = filters;
  const search: Search = {};
  if (servico.length) search.servico = servico;
  if (agente.length) search.agente = agente;
  for (const key of ["-servico", "-agente"] as const) if (filters[key].length) search[key] = filters[key];
  if (de && ate) Object.assign(search, { de, ate });
  else if (periodo !== otherwise) search.periodo = periodo;
  if (visao) search.visao = visao;
  if (em) search.em = em;
  if (fuso) search.fuso = fuso;
  return search;
}
