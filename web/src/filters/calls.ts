import type { Search } from "./codec";

export const STATUSES = [
  "answered",
  "abandoned",
  "timed-out",
  "transferred-out",
  "left-by-key",
  "closed",
  "unknown",
  "abandoned-in-ivr",
  "out-of-hours",
  "ended-in-ivr",
  "blacklisted",
  "not-connected",
  "bad-number",
  "ended",
] as const;
export const DIRECTIONS = ["inbound", "outbound"] as const;
export const BANDS = ["high", "medium", "low"] as const;

/** What Rastreio de Interações filters by beside what all pages do. Never a customer's number: an address is kept by the browser. */
export interface CallFilters {
  tipo?: (typeof DIRECTIONS)[number];
  status: (typeof STATUSES)[number][];
  tag: string[];
  ura: string[];
  qualidade: (typeof BANDS)[number][];
  protocolo?: string;
  contato?: string;
  /** Shortest and longest, seconds: `60-600`, `60-`, `-600`. */
  duracao?: string;
  /** Times of day: `09:00-12:30`. */
  hora?: string;
  ordem?: "asc";
  /** The columns that are shown; none: all. */
  colunas: string[];
}

const LISTS = ["status", "tag", "ura", "qualidade", "colunas"] as const;
const SINGLE = {
  tipo: /^(inbound|outbound)$/,
  protocolo: /^\d{1,15}$/,
  contato: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  duracao: /^(\d{1,6}-\d{0,6}|-\d{1,6})$/,
  hora: /^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/,
  ordem: /^asc$/,
} as const;
const KNOWN: Partial<Record<(typeof LISTS)[number], readonly string[]>> = { status: STATUSES, qualidade: BANDS };

/** The filters of calls in a URL; what is no value is left out. */
export function callFiltersOf(search: Search): CallFilters {
  const lists = LISTS.map((key) => {
    const all = [search[key] ?? []].flat().filter(Boolean);
    return [key, KNOWN[key] ? all.filter((value) => KNOWN[key]?.includes(value)) : all];
  });
  const single = Object.entries(SINGLE).flatMap(([key, pattern]) => {
    const value = [search[key] ?? []].flat()[0];
    return value !== undefined && pattern.test(value) ? [[key, value]] : [];
  });
  return Object.fromEntries([...lists, ...single]) as unknown as CallFilters;
}

/** The part of a URL that says these filters; what filters nothing is undefined, and so is left out. */
export function callSearchOf(filters: CallFilters): Record<string, string | string[] | undefined> {
  const lists = LISTS.map((key) => [key, filters[key].length ? filters[key] : undefined]);
  const single = (Object.keys(SINGLE) as (keyof typeof SINGLE)[]).map((key) => [key, filters[key] || undefined]);
  return Object.fromEntries([...lists, ...single]);
}

/** The filters as the API takes them. */
export function callQuestionOf(filters: CallFilters) {
  const { tipo, status, tag, ura, qualidade, protocolo, contato, duracao, hora, ordem } = filters;
  const [shortest, longest] = (duracao ?? "-").split("-");
  const [from, to] = (hora ?? "-").split("-");
  return {
    order: ordem ?? ("desc" as const),
    ...(tipo && { direction: tipo }),
    ...(status.length && { status }),
    ...(tag.length && { tag }),
    ...(ura.length && { ivr: ura }),
    ...(qualidade.length && { quality: qualidade }),
    ...(protocolo && { protocol: Number(protocolo) }),
    ...(contato && { contact_id: contato }),
    ...(shortest && { min_duration_ms: Number(shortest) * 1000 }),
    // The longest second is whole: a call of 60.4 s is one of 60 s.
    ...(longest && { max_duration_ms: Number(longest) * 1000 + 999 }),
    ...(from && to && { time_from: from, time_to: to }),
  };
}

/** The calls of one interval of a chart: its dates, and within a day its hour. */
export function intervalSearch(start: string, by: string): Search | null {
  const day = start.slice(0, 10);
  if (by === "hour") {
    const hour = Number(start.slice(11, 13));
    const two = (value: number) => String(value % 24).padStart(2, "0");
    return { de: day, ate: day, hora: `${two(hour)}:00-${two(hour + 1)}:00` };
  }
  const [year, month, date] = day.split("-").map(Number) as [number, number, number];
  const last = by === "day" ? day : iso(by === "week" ? Date.UTC(year, month - 1, date + 6) : Date.UTC(year, month, 0));
  return ["day", "week", "month"].includes(by) ? { de: day, ate: last } : null;
}

const iso = (at: number) => new Date(at).toISOString().slice(0, 10);
