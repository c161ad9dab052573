import type { ReactNode } from "react";
import { useCallsSearch } from "../filters/useFilters";
import { useLanguage, useText } from "../i18n";
import { StateMark } from "../ui/StateMark";
import { About, useAbout } from "./About";
import type { Terms } from "./definition";
import styles from "./Figure.module.css";
import { difference, figure, NONE } from "./format";
import { type Gap, spanOf } from "./gaps";
import { CALLS, type FigureKey, KINDS } from "./kinds";
import { type Bounds, bounded, limitsOf } from "./limits";
import type { Lineage } from "./lineage";

interface Props {
  name: FigureKey;
  value: number | null | undefined;
  bounds?: Bounds | null;
  lineage: Lineage;
  /** What stands below the value: a target, a share. */
  note?: ReactNode;
  /** Whether the value keeps its target; without it there is none. */
  keeps?: boolean | null;
  /** Numerators and denominators of the row that the figure is in. */
  terms?: Terms | null;
  /** The SLA profile of the row. */
  profile?: string;
  /** Where the sources were cut off in the period: why there are limits. */
  gaps?: readonly Gap[];
  /** The figures of the period before; null: they are awaited, and have their place already. */
  previous?: Previous | null;
  /** What it is called in the page's CSV, where that is another word. */
  csv?: string;
  isLead?: boolean;
}

/** Figures of another period, by the API's names, and which period that is. */
interface Previous {
  totals: object;
  from: string;
  to: string;
}

/** A figure with its definition, limits and lineage. The number is the API's: nothing is calculated here. */
export function Figure({
  name,
  value,
  bounds,
  lineage,
  note,
  keeps,
  terms,
  profile,
  gaps = [],
  previous,
  csv,
  isLead,
}: Props) {
  const text = useText();
  const language = useLanguage();
  const callsOf = useCallsSearch();
  const { isOpen, setOpen, onKeyDown } = useAbout();
  const { kind, label, field } = KINDS[name];
  const limits = limitsOf(bounds, field);
  const shown = bounded(kind, value, limits, language);
  const isVague = bounds != null && !Array.isArray(bounds[field]) && kind === "duration" && value != null;
  return (
    <section
      className={styles.figure}
      data-lead={isLead || undefined}
      aria-label={text(label)}
      data-figure={name}
      onKeyDown={onKeyDown}
    >
      <div className={styles.head}>
        <span className={styles.label}>{text(label)}</span>
        <About
          {...{ name, value, lineage, terms, profile, csv, isOpen, setOpen }}
          calls={CALLS[name] && callsOf(CALLS[name])}
        >
          {bounds && (limits || isVague) && <Limits {...{ bounds, gaps, isVague }} />}
        </About>
      </div>
      <p className={`num ${styles.value}`} data-limits={limits || isVague ? true : undefined}>
        {keeps != null && <StateMark state={keeps ? "ok" : "breach"} />}
        {isVague && "≈ "}
        <span data-value={value ?? ""}>{shown}</span>
        {shown === NONE && <span className="visually-hidden">{text("figure.none")}</span>}
      </p>
      {note && <p className={styles.note}>{note}</p>}
      {previous !== undefined && !limits && !isVague && <Compared name={name} value={value} previous={previous} />}
      {bounds && (limits || isVague) && (
        <p className={styles.missing} title={text(isVague ? "figure.mean.why" : "figure.missing.why")}>
          {text("figure.missing", { count: bounds.missing_at_most })}
        </p>
      )}
    </section>
  );
}

/** Why a figure has limits: the sources that were cut off, and when. */
function Limits({ bounds, gaps, isVague }: { bounds: Bounds; gaps: readonly Gap[]; isVague: boolean }) {
  const text = useText();
  return (
    <div className={styles.limits}>
      <p>
        {text(isVague ? "figure.mean.why" : "figure.missing.why")}{" "}
        {text("figure.missing", { count: bounds.missing_at_most })}.
      </p>
      {gaps.map((gap) => (
        <p key={gap.opened_at}>
          {gap.source_label}: {spanOf(gap, text)}, {text(`gap.${gap.reason}`)}
        </p>
      ))}
    </div>
  );
}

/** How far the figure is from that of the period before; an empty line where one of both has no case. */
function Compared({ name, value, previous }: Pick<Props, "name" | "value" | "previous">) {
  const text = useText();
  const language = useLanguage();
  const { kind, field } = KINDS[name];
  const before = previous && (previous.totals as Record<string, unknown>)[field];
  if (value == null || typeof before !== "number")
    return (
      <p className={styles.note} aria-hidden>
        &nbsp;
      </p>
    );
  const { from, to } = previous as Previous;
  const by = difference(kind, value, before, language);
  return (
    <p
      className={styles.note}
      data-before={before}
      title={text("figure.before", { from, to, figure: figure(kind, before, language) })}
    >
      <span className={styles.long}>{text("figure.versus", { difference: by })}</span>
      <span className={styles.short}>{text("figure.versus.short", { difference: by })}</span>
    </p>
  );
}
