import { useTimezone } from "../api/queries";
import { date, instant } from "../figures/format";
import type { Lineage } from "../figures/lineage";
import type { Filters } from "../filters/filters";
import { useText } from "../i18n";
import { written } from "../time/moments";
import { datesOf, todayIn } from "../time/periods";
import styles from "./PrintFoot.module.css";
import { usePrinting } from "./usePrinting";

/** What every sheet of a printed page says: what was asked, and from which position of the log the figures come. */
export function PrintFoot({ title, filters, lineage }: { title: string; filters: Filters; lineage: Lineage }) {
  const text = useText();
  const own = useTimezone();
  if (!usePrinting()) return null;
  const { de, ate } = datesOf(filters, todayIn(filters.fuso ?? own));
  const chosen = [
    ...filters.servico,
    ...filters["-servico"].map((name) => text("filters.but", { name })),
    ...filters.agente,
    ...filters["-agente"].map((name) => text("filters.but", { name })),
  ];
  const now = instant(written(Date.now(), lineage.zone));
  const parts = [
    text("print.line", { title, period: `${date(de)} – ${date(ate)}` }),
    chosen.join(", "),
    text("lineage", { position: lineage.position, zone: lineage.zone, definition: lineage.definition }),
    text("print.at", { time: now }),
  ];
  return (
    <p className={styles.foot} data-print-foot>
      <span>{parts.filter(Boolean).join(" · ")}</span>
    </p>
  );
}
