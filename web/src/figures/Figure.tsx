import { ActionIcon, Popover } from "@mantine/core";
import { Info } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useLanguage, useText } from "../i18n";
import { StateMark } from "../ui/StateMark";
import styles from "./Figure.module.css";
import { between, figure, NONE } from "./format";
import { type FigureKey, KINDS } from "./kinds";
import type { Lineage } from "./lineage";

/** Limits of figures while a source was cut off, as the API gives them. */
export interface Bounds {
  missing_at_most: number;
  [figure: string]: unknown;
}

interface Props {
  name: FigureKey;
  value: number | null | undefined;
  bounds?: Bounds | null;
  lineage: Lineage;
  /** What stands below the value: a target, a share. */
  note?: ReactNode;
  /** Whether the value keeps its target; without it there is none. */
  keeps?: boolean | null;
  /** The formula with the numbers of this page. */
  formula?: string;
  isLead?: boolean;
}

/** A figure with its definition, limits and lineage. The number is the API's: nothing is calculated here. */
export function Figure({ name, value, bounds, lineage, note, keeps, formula, isLead }: Props) {
  const text = useText();
  const language = useLanguage();
  const { kind, label, field } = KINDS[name];
  const limits = bounds?.[field];
  const isRange = Array.isArray(limits) && limits[0] !== limits[1];
  const shown = isRange ? between(kind, limits as [number, number], language) : figure(kind, value, language);
  const isVague = bounds != null && !Array.isArray(limits) && kind === "duration" && value != null;
  return (
    <section className={styles.figure} data-lead={isLead || undefined} aria-label={text(label)} data-figure={name}>
      <div className={styles.head}>
        <span className={styles.label}>{text(label)}</span>
        <About name={name} lineage={lineage} formula={formula} />
      </div>
      <p className={`num ${styles.value}`}>
        {keeps != null && <StateMark state={keeps ? "ok" : "breach"} />}
        {isVague && "≈ "}
        <span data-value={value ?? ""}>{shown}</span>
        {shown === NONE && <span className="visually-hidden">{text("figure.none")}</span>}
      </p>
      {note && <p className={styles.note}>{note}</p>}
      {bounds && (isRange || isVague) && (
        <p className={styles.missing} title={text(isVague ? "figure.mean.why" : "figure.missing.why")}>
          {text("figure.missing", { count: bounds.missing_at_most })}
        </p>
      )}
    </section>
  );
}

function About({ name, lineage, formula }: Pick<Props, "name" | "lineage" | "formula">) {
  const text = useText();
  const [isOpen, setOpen] = useState(false);
  const { label, about, field } = KINDS[name];
  const written = lineage.formulas[field];
  const facts: [string, string | undefined][] = [
    [text("figure.formula"), formula],
    [text("figure.position"), String(lineage.position)],
    [text("figure.zone"), lineage.zone],
    [text("figure.version"), lineage.definition],
  ];
  return (
    <Popover
      opened={isOpen}
      onChange={setOpen}
      width={320}
      position="bottom-start"
      radius={8}
      withRoles={false}
      returnFocus
    >
      <Popover.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          size={24}
          onKeyDown={(event) => event.key === "Escape" && setOpen(false)}
          aria-expanded={isOpen}
          aria-label={text("figure.about", { figure: text(label) })}
          onClick={() => setOpen(!isOpen)}
        >
          <Info size={14} color="var(--muted)" aria-hidden />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown role="dialog" aria-label={text(label)}>
        <div className={styles.about}>
          <strong>{text(label)}</strong>
          <p>{text(about)}</p>
          {written && <code>{written}</code>}
          <dl>
            {facts.map(([term, fact]) =>
              fact ? (
                <div key={term}>
                  <dt>{term}</dt>
                  <dd className="num">{fact}</dd>
                </div>
              ) : null,
            )}
          </dl>
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
