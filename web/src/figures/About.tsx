import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import type { Search } from "../filters/codec";
import { useLanguage, useText } from "../i18n";
import { areKeysOn } from "../keys/shortcuts";
import { InfoPopover } from "../ui/InfoPopover";
import { formulaOf, type Terms } from "./definition";
import styles from "./Figure.module.css";
import { count, figure } from "./format";
import { type FigureKey, KINDS } from "./kinds";
import type { Lineage } from "./lineage";

interface Props {
  name: FigureKey;
  value: number | null | undefined;
  lineage: Lineage;
  terms?: Terms | null;
  /** The SLA profile by which the figure was calculated. */
  profile?: string;
  /** The calls behind the figure, in Rastreio de Interações. */
  calls?: Search;
  /** What the figure is called in the page's CSV, where that is the manual's other word for it. */
  csv?: string;
  /** Why the figure has limits. */
  children?: ReactNode;
  isOpen: boolean;
  setOpen: (isOpen: boolean) => void;
}

/** What a figure means and where it comes from: its definition, the formula with the numbers of this page, position and time zone. */
export function About({ name, value, lineage, terms, profile, calls, csv, children, isOpen, setOpen }: Props) {
  const text = useText();
  const language = useLanguage();
  const { kind, label, field, defined } = KINDS[name];
  const definition = lineage.definitions.get(defined);
  const ofProfile = field === "sla_percent" && profile ? lineage.definitions.get(`profile ${profile}`) : undefined;
  const shown = formulaOf(ofProfile ?? definition, lineage.definitions, terms?.[field], language);
  const facts: [string, string | undefined][] = [
    [text("figure.profile"), ofProfile && profile],
    [text("figure.position"), count(lineage.position, language)],
    [text("figure.zone"), lineage.zone],
    [text("figure.version"), lineage.definition],
    [text("figure.csv"), csv],
  ];
  return (
    <InfoPopover
      button={text("figure.about", { figure: text(label) })}
      title={text(label)}
      width={340}
      position="bottom-start"
      isOpen={isOpen}
      setOpen={setOpen}
    >
      <div className={styles.about}>
        <strong>{text(label)}</strong>
        {definition && <p>{definition.meaning[language]}</p>}
        {ofProfile && <p>{ofProfile.meaning[language]}</p>}
        {shown && (
          <code data-formula={field}>
            {shown.words}
            {shown.numbers && (
              <span className="num">
                {shown.numbers} = {figure(kind, value, language)}
              </span>
            )}
          </code>
        )}
        {children}
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
        {calls && (
          <Link to="/interacoes" search={calls as never}>
            {text("figure.calls")}
          </Link>
        )}
      </div>
    </InfoPopover>
  );
}

/** Whether the definition of a figure is open; the key `d` opens that of the figure that has the focus. */
export function useAbout() {
  const [isOpen, setOpen] = useState(false);
  const onKeyDown = (event: React.KeyboardEvent) => {
    const isTyped = event.target instanceof HTMLElement && event.target.closest("input, textarea, [role=dialog]");
    if (event.key !== "d" || event.ctrlKey || event.metaKey || event.altKey || isTyped || !areKeysOn()) return;
    event.preventDefault();
    setOpen(true);
  };
  return { isOpen, setOpen, onKeyDown };
}
