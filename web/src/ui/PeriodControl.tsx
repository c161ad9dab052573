import { Button } from "@mantine/core";
import { CalendarDays, ChevronLeft, ChevronRight } from "lucide-react";
import { type FormEvent, useState } from "react";
import { date } from "../figures/format";
import { type Filters, PERIODS } from "../filters/filters";
import { useText } from "../i18n";
import { useShortcut } from "../keys/shortcuts";
import { datesOf, shifted, todayIn } from "../time/periods";
import control from "./Control.module.css";
import { ControlPopover } from "./ControlPopover";
import styles from "./PeriodControl.module.css";

/** The period of a page: relative ones move on with the days, two dates do not. All of them in the company's time zone. */
export function PeriodControl({
  filters,
  zone,
  change,
}: {
  filters: Filters;
  zone: string;
  change: (part: Partial<Filters>) => void;
}) {
  const text = useText();
  const [isOpen, setOpen] = useState(false);
  const today = todayIn(zone);
  const dates = datesOf(filters, today);
  const shown =
    filters.de && filters.ate
      ? filters.de === filters.ate
        ? date(filters.de)
        : `${date(filters.de)} – ${date(filters.ate)}`
      : text(`period.${filters.periodo}`);
  const isLast = dates.ate >= today.toString();
  useShortcut("[", () => change(shifted(dates, -1)));
  useShortcut("]", isLast ? undefined : () => change(shifted(dates, 1)));
  const apply = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const [de, ate] = [String(form.get("de")), String(form.get("ate"))].sort();
    setOpen(false);
    change({ de, ate });
  };
  return (
    <span className={styles.control}>
      <button
        type="button"
        className={styles.step}
        aria-label={text("period.back")}
        title={text("period.back")}
        onClick={() => change(shifted(dates, -1))}
      >
        <ChevronLeft size={16} aria-hidden />
      </button>
      <ControlPopover
        title={text("period.title")}
        isOpen={isOpen}
        setOpen={setOpen}
        className={styles.target}
        shown={
          <>
            <CalendarDays size={14} aria-hidden />
            <span className="visually-hidden">{text("period.title")}</span>
            <span className={control.value}>{shown}</span>
          </>
        }
      >
        <div className={styles.panel}>
          <ul className={styles.presets}>
            {PERIODS.map((period) => (
              <li key={period}>
                <button
                  type="button"
                  aria-pressed={!filters.de && filters.periodo === period}
                  onClick={() => {
                    setOpen(false);
                    change({ periodo: period, de: undefined, ate: undefined });
                  }}
                >
                  {text(`period.${period}`)}
                </button>
              </li>
            ))}
          </ul>
          <form className={styles.dates} onSubmit={apply}>
            <label>
              {text("period.from")}
              <input
                className={control.field}
                type="date"
                name="de"
                required
                defaultValue={dates.de}
                max={today.toString()}
              />
            </label>
            <label>
              {text("period.to")}
              <input
                className={control.field}
                type="date"
                name="ate"
                required
                defaultValue={dates.ate}
                max={today.toString()}
              />
            </label>
            <Button type="submit" size="xs">
              {text("period.apply")}
            </Button>
            <span className="hint">{text("period.zone", { zone })}</span>
          </form>
        </div>
      </ControlPopover>
      <button
        type="button"
        className={styles.step}
        aria-label={text("period.forth")}
        title={text("period.forth")}
        disabled={isLast}
        onClick={() => change(shifted(dates, 1))}
      >
        <ChevronRight size={16} aria-hidden />
      </button>
    </span>
  );
}
