import { Button } from "@mantine/core";
import { Clock } from "lucide-react";
import { type ReactNode, useState } from "react";
import { count, instant as shownInstant } from "../figures/format";
import type { Filters } from "../filters/filters";
import type { Change } from "../filters/useFilters";
import { useLanguage, useText } from "../i18n";
import { instantOf, written } from "./moments";
import { TimeBar, useTimeKeys } from "./TimeBar";
import styles from "./TimeBar.module.css";
import { useTravel } from "./useTravel";

/** Time travel of a page: the button that opens the bar, for its header; and the bar with what says that the page shows the past. */
export function useTimeTravel(
  filters: Filters,
  change: Change,
  isChanging: boolean,
): { button: ReactNode; bar: ReactNode } {
  const text = useText();
  const language = useLanguage();
  const travel = useTravel(filters, change, isChanging);
  const settled = instantOf(filters.em, travel.zone);
  const [isOpen, setOpen] = useState(settled !== null);
  useTimeKeys(travel, isOpen, setOpen);
  const button = (
    <Button
      variant="default"
      size="xs"
      leftSection={<Clock size={14} aria-hidden />}
      aria-expanded={isOpen}
      aria-label={text("time.title")}
      title={`${text("time.title")} (t)`}
      onClick={() => setOpen(!isOpen)}
    >
      {text("time.open")}
    </Button>
  );
  const bar = (
    <>
      {travel.isPast && (
        <p className={styles.banner}>
          {settled === null
            ? text("time.youSeePosition", { position: count(Number(filters.em), language) })
            : text("time.youSee", { moment: shownInstant(written(settled, travel.zone)) })}
          <button type="button" onClick={() => travel.go(null)}>
            {text("time.backToLive")}
          </button>
        </p>
      )}
      {isOpen && <TimeBar travel={travel} close={() => setOpen(false)} />}
    </>
  );
  return { button, bar };
}
