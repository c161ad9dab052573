import { Link } from "@tanstack/react-router";
import type { Schemas } from "../api/client";
import { count } from "../figures/format";
import { useLanguage, useText } from "../i18n";
import styles from "./AgentsNow.module.css";
import { type Mark, StateMark } from "./StateMark";

interface Row {
  key: string;
  mark: Mark;
  label: string;
  value: number;
}

/** How many are in each state now. mayOpen: each opens the board with the same filters. */
export function NowList({ rows, mayOpen }: { rows: readonly Row[]; mayOpen?: boolean }) {
  const language = useLanguage();
  return (
    <ul className={styles.agents}>
      {rows.map(({ key, mark, label, value }) => {
        const shown = (
          <>
            <StateMark state={mark} />
            <span>{label}</span>
            <strong className="num" data-figure={key}>
              {count(value, language)}
            </strong>
          </>
        );
        return (
          <li key={key}>
            {mayOpen ? (
              <Link
                to="/agentes"
                search={
                  ((before: Record<string, unknown>) => ({ servico: before.servico, agente: before.agente })) as never
                }
              >
                {shown}
              </Link>
            ) : (
              <span>{shown}</span>
            )}
          </li>
        );
      })}
    </ul>
  );
}

const GROUPS = [
  ["available", "available"],
  ["on_call", "talking"],
  ["paused", "paused"],
  ["offline", "offline"],
] as const;

/** How many agents are in each group of the board. */
export function AgentsNow({ agents, mayOpen }: { agents: Schemas["AgentsNow"]; mayOpen: boolean }) {
  const text = useText();
  return (
    <NowList
      mayOpen={mayOpen}
      rows={GROUPS.map(([group, mark]) => ({ key: group, mark, label: text(`state.${group}`), value: agents[group] }))}
    />
  );
}
