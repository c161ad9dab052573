/** A day of a year, or of every year, as people write it: `20/11/2026`, `25/12`. What is no whole day yet stays as it is typed. */
export function dayShown(day: string): string {
  return day.replace(/^(?:(\d{4})-)?(\d{2})-(\d{2})$/, (_, year: string | undefined, month: string, of: string) =>
    [of, month, year].filter(Boolean).join("/"),
  );
}

/** The same day as the API takes it: `2026-11-20`, `12-25`. */
export function dayWritten(typed: string): string {
  return typed
    .trim()
    .replace(/^(\d{2})\/(\d{2})(?:\/(\d{4}))?$/, (_, of: string, month: string, year: string | undefined) =>
      [year, month, of].filter(Boolean).join("-"),
    );
}
