import type { Key } from "../i18n";

const KNOWN: readonly (readonly [RegExp, Key])[] = [
  [/^the host has no address/, "webhook.error.nowhere"],
  [/^(no answer|the addresses of the host were not found) within/, "webhook.error.late"],
  [/^no connection/, "webhook.error.connection"],
];

/** Why a webhook's server did not answer, in the console's own words; what is not known, in those of the server. */
export function webhookError(error: string, text: (key: Key) => string): string {
  const known = KNOWN.find(([words]) => words.test(error));
  return known ? text(known[1]) : error;
}
