import { useTimezone } from "../api/queries";
import { instant } from "../figures/format";
import { written } from "./moments";

/** Writes instants in the company's time zone, whichever one the API has written them in; `–` for none. */
export function useInstant(): (iso: string | null | undefined) => string {
  const zone = useTimezone();
  return (iso) => instant(iso ? written(Date.parse(iso), zone) : iso);
}
