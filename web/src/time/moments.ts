import {
  type CalendarDate,
  CalendarDateTime,
  fromDate,
  parseDateTime,
  toCalendarDate,
  toZoned,
  type ZonedDateTime,
} from "@internationalized/date";

/** How long a played moment is shown. */
export const FRAME_MS = 1_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FRAMES_AHEAD = [1, 2];

/** How much time the bar shows. */
export const ZOOMS = ["dia", "semana", "mes", "ano"] as const;
export type Zoom = (typeof ZOOMS)[number];
export const DAYS: Record<Zoom, number> = { dia: 1, semana: 7, mes: 30, ano: 365 };

/** A stretch of time, milliseconds since 1970. */
export interface Stretch {
  from: number;
  to: number;
}

/** The instant that a URL's `em` names; null for a position of the log, or for none. A text without an offset is of the zone. */
export function instantOf(em: string | undefined, zone: string): number | null {
  if (!em || /^\d+$/.test(em)) return null;
  if (/(Z|[+-]\d{2}:\d{2})$/.test(em)) return Date.parse(em);
  return toZoned(parseDateTime(em), zone).toDate().getTime();
}

/** An instant as the URL has it: whole seconds, with the zone's offset, so that it can be read. */
export function written(instant: number, zone: string): string {
  const at = inZone(Math.floor(instant / 1000) * 1000, zone);
  const minutes = Math.round(Math.abs(at.offset) / 60_000);
  const two = (value: number) => String(value).padStart(2, "0");
  const offset = `${at.offset < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  return `${new CalendarDateTime(at.year, at.month, at.day, at.hour, at.minute, at.second)}${offset}`;
}

/** The whole days that end with the day of an instant. */
export function stretchOf(instant: number, zoom: Zoom, zone: string): Stretch {
  const day = dayOf(instant, zone);
  const start = (date: typeof day) => toZoned(date, zone).toDate().getTime();
  return { from: start(day.subtract({ days: DAYS[zoom] - 1 })), to: start(day.add({ days: 1 })) };
}

const HOURS_APART = 6;

/** Where a stretch has marks, and their names: times of day where it is one day, else days. */
export function marksOf({ from, to }: Stretch, zone: string): { instant: number; name: string }[] {
  const days = Math.round((to - from) / DAY_MS);
  const step = Math.max(1, Math.round(days / 5));
  const next = (instant: number) => (days === 1 ? instant + HOURS_APART * HOUR_MS : daysLater(instant, step, zone));
  const marks = [];
  for (let instant = from; instant < to; instant = next(instant)) {
    const text = written(instant, zone);
    const name = days === 1 ? text.slice(11, 16) : `${text.slice(8, 10)}/${text.slice(5, 7)}`;
    marks.push({ instant, name });
  }
  return marks;
}

/** The day of an instant. */
export function dayOf(instant: number, zone: string): CalendarDate {
  return toCalendarDate(inZone(instant, zone));
}

/** The same time of day, so many days later. */
export function daysLater(instant: number, days: number, zone: string): number {
  return inZone(instant, zone).add({ days }).toDate().getTime();
}

/** The instant between both, if it lies outside. */
export function within(instant: number, from: number, to: number): number {
  return Math.max(from, Math.min(to, instant));
}

/** Where the time goes while it is played: so many times as fast as the clock, and no further than now. */
export function played(began: { at: number; moment: number }, clock: number, speed: number, now: number): number {
  return Math.min(now, began.moment + Math.floor((clock - began.at) / 1000) * 1000 * speed);
}

/** The moments that a play shows after this one, so that their answers can be fetched; none that is not past. */
export function upcoming(began: { at: number; moment: number }, clock: number, speed: number, now: number): number[] {
  const next = FRAMES_AHEAD.map((frame) => played(began, clock + frame * FRAME_MS, speed, now));
  return next.filter((moment, at) => moment < now && next.indexOf(moment) === at);
}

function inZone(instant: number, zone: string): ZonedDateTime {
  return fromDate(new Date(instant), zone);
}
