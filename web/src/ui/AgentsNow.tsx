import { Link } from "@tanstack/react-router";
import type { Schemas } from "../api/client";
import { count } from "../figures/format";
import { useLanguage, useText } from "../i18n";
import styles from "./AgentsNow.module.css";
import { type Mark, StateMark } from "./StateMark";

const GROUPS: readonly [keyof Schemas["AgentsNow"] & ("available" | "on_call" | "paused" | "offline"), Mark][] = [
  ["available", "available"],
  ["on_call", "talking"],
  ["paused", "paused"],
  ["offline", "offline"],
];

/** How many agents are in each state now; each opens the board with the same filters. */
export function AgentsNow({ agents, mayOpen }: { agents: Schemas["AgentsNow"]; mayOpen: boolean }) {
  const text = useText();
  const language = useLanguage();
  return (
    <ul className={styles.agents}>
      {GROUPS.map(([group, mark]) => {
        const shown = (
          <>
            <StateMark state={mark} />
            <span>{text(`state.${group}`)}</span>
            <strong className="num" data-figure={group}>
              {count(agents[group], language)}
            </strong>
          </>
        );
        return (
          <li key={group}>
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
