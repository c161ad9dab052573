import {
  CalendarDate,
  endOfMonth,
  fromDate,
  parseDate,
  startOfMonth,
  startOfWeek,
  toCalendarDateTime,
  today,
  toTime,
  toZoned,
} from "@internationalized/date";
import type { Filters, View } from "../filters/filters";
import { dayOf, instantOf, written } from "./moments";

/** Dates of a period in the company's time zone; `ate` is in the period. */
export interface Dates {
  de: string;
  ate: string;
}

/** The dates that a relative period means now. Weeks begin on Monday. */
export function datesOf(filters: Pick<Filters, "periodo" | "de" | "ate">, now: CalendarDate): Dates {
  if (filters.de && filters.ate) return { de: filters.de, ate: filters.ate };
  const from = {
    hoje: now,
    ontem: now.subtract({ days: 1 }),
    "7d": now.subtract({ days: 6 }),
    semana: startOfWeek(now, "pt-BR", "mon"),
    mes: startOfMonth(now),
    "30d": now.subtract({ days: 29 }),
  }[filters.periodo];
  const to = filters.periodo === "ontem" ? from : now;
  return { de: from.toString(), ate: to.toString() };
}

export function todayIn(zone: string): CalendarDate {
  const date = today(zone);
  return new CalendarDate(date.year, date.month, date.day);
}

/** The day that relative periods count from: today, or the day of the moment that the page is about. */
export function todayOf(filters: Pick<Filters, "em">, zone: string): CalendarDate {
  const moment = instantOf(filters.em, zone);
  return moment === null ? todayIn(zone) : dayOf(moment, zone);
}

/** The period as the API takes it: `to` is not included, and is left open while the period goes on. */
export function questionOf(filters: Filters, zone: string): { from: string; to?: string } {
  const now = todayOf(filters, zone);
  const { de, ate } = datesOf(filters, now);
  if (!filters.em && ate >= now.toString()) return { from: de };
  return { from: de, to: parseDate(ate).add({ days: 1 }).toString() };
}

/**
 * The period before that of the filters, as the API takes it: a week before a week, a month before a month, else as many days. One that goes
 * on is compared with as much of the one before: up to the same time of day. now: the instant that counts as now, ms.
 */
export function previousOf(filters: Filters, zone: string, now: number): { from: string; to: string } {
  const day = dayOf(now, zone);
  const dates = datesOf(filters, day);
  const back = { semana: { weeks: 1 }, mes: { months: 1 } }[filters.de ? "" : (filters.periodo as string)];
  const earlier = (date: string) =>
    parseDate(date)
      .subtract(back ?? {})
      .toString();
  const { de, ate } = back ? { de: earlier(dates.de), ate: earlier(dates.ate) } : shifted(dates, -1);
  if (dates.ate < day.toString()) return { from: de, to: parseDate(ate).add({ days: 1 }).toString() };
  const time = toTime(fromDate(new Date(now), zone));
  return {
    from: de,
    to: written(
      toZoned(toCalendarDateTime(parseDate(ate), time), zone)
        .toDate()
        .getTime(),
      zone,
    ),
  };
}

/** The finest view that a period allows: hours for a month, days for two years. */
export function viewsOf({ de, ate }: Dates): View[] {
  const days = parseDate(ate).compare(parseDate(de)) + 1;
  return [...(days <= 31 ? (["hora"] as const) : []), ...(days <= 731 ? (["dia"] as const) : []), "semana", "mes"];
}

/** The same length just before or after. */
export function shifted(dates: Dates, by: -1 | 1): Dates {
  const from = parseDate(dates.de);
  const to = parseDate(dates.ate);
  if (from.compare(startOfMonth(from)) === 0 && to.compare(endOfMonth(from)) === 0) {
    const month = from.add({ months: by });
    return { de: month.toString(), ate: endOfMonth(month).toString() };
  }
  const days = (to.compare(from) + 1) * by;
  return { de: from.add({ days }).toString(), ate: to.add({ days }).toString() };
}
