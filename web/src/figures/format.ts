/** What is known to have no case: spoken as "sem casos", never 0. */
export const NONE = "–";
const NBSP = "\u00a0";

type Maybe<T> = T | null | undefined;

/** Formatters by language and kind: making one takes a hundred times as long as writing a number with it. */
const formatters = new Map<string, Intl.NumberFormat>();

function numbers(locale: string, kind: string, options?: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${kind} ${locale}`;
  const known = formatters.get(key);
  if (known) return known;
  const made = new Intl.NumberFormat(locale, options);
  formatters.set(key, made);
  return made;
}

/** A difference begins with its sign: a minus, which is as wide as a plus. */
const signed = (written: string) => written.replace("-", "−");

const TWO_DECIMALS = { minimumFractionDigits: 2, maximumFractionDigits: 2 } as const;

export function count(value: Maybe<number>, locale = "pt-BR"): string {
  return value == null ? NONE : numbers(locale, "count").format(value);
}

export function percent(value: Maybe<number>, locale = "pt-BR"): string {
  if (value == null) return NONE;
  return `${numbers(locale, "percent", TWO_DECIMALS).format(value)}${NBSP}%`;
}

/** A measured number that a source wrote with a point. */
export function decimal(text: string, locale = "pt-BR"): string {
  const value = Number(text);
  return text === "" || Number.isNaN(value) ? NONE : numbers(locale, "count").format(value);
}

/** A difference of two percentages, with its sign: `+2,11 p.p.` */
export function points(value: Maybe<number>, locale = "pt-BR"): string {
  if (value == null) return NONE;
  return signed(
    `${numbers(locale, "points", { ...TWO_DECIMALS, signDisplay: "exceptZero" }).format(value)}${NBSP}p.p.`,
  );
}

/** How far a figure is from what it was, with its sign: `+12`, `−3,33 p.p.`, `+00:14`. */
export function difference(kind: Kind, value: number, before: number, locale = "pt-BR"): string {
  // Both are rounded to two decimals; what a subtraction adds behind them is not.
  const by = Math.round((value - before) * 100) / 100;
  if (kind === "percent") return points(by, locale);
  if (kind === "count") return signed(numbers(locale, "difference", { signDisplay: "exceptZero" }).format(by));
  const sign = Math.abs(by) < 1000 ? "" : by < 0 ? "−" : "+";
  return `${sign}${duration(Math.abs(by))}`;
}

const two = (value: number) => String(value).padStart(2, "0");

function parts(ms: number): [number, number, number] {
  const seconds = Math.floor(ms / 1000);
  return [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
}

/** `mm:ss` under an hour, `h:mm:ss` from then on; a begun second is cut. */
export function duration(ms: Maybe<number>): string {
  if (ms == null) return NONE;
  const [hours, minutes, seconds] = parts(Math.max(0, ms));
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${two(minutes)}:${two(seconds)}`;
}

/** `hh:mm:ss`, as the manual's tables. */
export function clockTime(ms: Maybe<number>): string {
  if (ms == null) return NONE;
  return parts(Math.max(0, ms)).map(two).join(":");
}

/** `dd/mm/aaaa hh:mm:ss`, in the time zone that the instant is written in. */
export function instant(iso: Maybe<string>): string {
  const found = iso?.match(/^(\d{4})-(\d{2})-(\d{2})T(\d{2}:\d{2}:\d{2})/);
  return found ? `${found[3]}/${found[2]}/${found[1]} ${found[4]}` : NONE;
}

/** `hh:mm:ss:ms` of an instant, as the manual's HORA, in the time zone that it is written in. */
export function timeOfDay(iso: string): string {
  const [clock, fraction = ""] = iso
    .slice(11)
    .replace(/(Z|[+-]\d{2}:\d{2})$/, "")
    .split(".");
  return `${clock}:${fraction.slice(0, 3).padEnd(3, "0")}`;
}

/** `dd/mm/aaaa` of a date. */
export function date(text: string): string {
  const [year, month, day] = text.slice(0, 10).split("-");
  return `${day}/${month}/${year}`;
}

export type Kind = "count" | "percent" | "duration";

export function figure(kind: Kind, value: Maybe<number>, locale?: string): string {
  return kind === "count" ? count(value, locale) : kind === "percent" ? percent(value, locale) : duration(value);
}

/** Both limits of a figure while a source was cut off: `83,10–86,90 %`. */
export function between(kind: Kind, [low, high]: [number, number], locale?: string): string {
  const [from, to] = [figure(kind, low, locale), figure(kind, high, locale)];
  return kind === "percent" ? `${from.replace(`${NBSP}%`, "")}–${to}` : `${from}–${to}`;
}

/** The labels of intervals on an axis, by their starts. Hours of several days have their day below. */
export function intervals(starts: readonly string[], by: string, locale: string): string[] {
  const hours = new Map<string, number>();
  if (by === "hour")
    for (const start of starts) hours.set(start.slice(0, 13), (hours.get(start.slice(0, 13)) ?? 0) + 1);
  const isOfDays = by === "hour" && starts[0]?.slice(0, 10) !== starts.at(-1)?.slice(0, 10);
  return starts.map((start) => {
    const label = interval(start, by, locale, (hours.get(start.slice(0, 13)) ?? 0) > 1);
    return isOfDays ? `${label}\n${start.slice(8, 10)}/${start.slice(5, 7)}` : label;
  });
}

/** The label of an interval: `14h`, `qui 27`, `nov/26`. The offset tells the two hours of a clock that is put back. */
export function interval(start: string, by: string, locale: string, isRepeated = false): string {
  const [year, month, day] = start.slice(0, 10).split("-").map(Number) as [number, number, number];
  const at = new Date(Date.UTC(year, month - 1, day));
  const word = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, { ...options, timeZone: "UTC" }).format(at).replace(".", "");
  if (by === "month") return `${word({ month: "short" })}/${String(year).slice(2)}`;
  if (by === "day" || by === "week") return `${word({ weekday: "short" })} ${day}`;
  const hour = `${start.slice(11, 13)}h`;
  return isRepeated ? `${hour} ${start.slice(-6, -3).replace("-", "−")}` : hour;
}
