import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useId, useRef } from "react";
import type { Schemas } from "../api/client";
import { count } from "../figures/format";
import { type Key, useLanguage, useText } from "../i18n";
import { Elapsed } from "../live/Elapsed";
import styles from "./AgentColumn.module.css";
import { SUPERVISION } from "./menu";
import { type Mark, StateMark } from "./StateMark";
import { Supervision } from "./Supervision";
import { usePermission } from "./usePermission";

type Agent = Schemas["AgentState"];

const ROW = 52;

/** The agents of one group, in the order of the API. Only those in sight are in the document, however many there are. */
export const AgentColumn = memo(function AgentColumn({
  group,
  mark,
  rows,
  until,
}: {
  group: "available" | "on_call" | "paused" | "offline";
  mark: Mark;
  rows: readonly Agent[];
  until: number | null;
}) {
  const text = useText();
  const language = useLanguage();
  const id = useId();
  // Asked once for all rows: each one that asked would follow the answer by itself.
  const maySupervise = usePermission(SUPERVISION);
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 6,
    initialRect: { width: 280, height: 480 },
  });
  return (
    <section className={styles.column} aria-labelledby={id} data-group={group}>
      <h2 id={id} className={styles.head}>
        <StateMark state={mark} />
        {text(`state.${group}`)}
        <span className={`num ${styles.count}`}>{count(rows.length, language)}</span>
      </h2>
      {rows.length === 0 ? (
        <p className={styles.empty}>{text("board.empty")}</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what can be scrolled must be reached by keys
        <section className={styles.scroller} ref={scroller} tabIndex={0} aria-labelledby={id}>
          <ul style={{ height: virtual.getTotalSize() }}>
            {virtual.getVirtualItems().map(({ index, start }) => {
              const agent = rows[index] as Agent;
              return (
                <li
                  key={agent.agent}
                  className={styles.row}
                  style={{ transform: `translateY(${start}px)` }}
                  aria-setsize={rows.length}
                  aria-posinset={index + 1}
                  data-agent={agent.agent}
                >
                  <Row agent={agent} until={until} maySupervise={maySupervise} />
                </li>
              );
            })}
          </ul>
        </section>
      )}
    </section>
  );
});

interface RowProps {
  agent: Agent;
  until: number | null;
  maySupervise: boolean;
}

/** Drawn anew only for an agent of whom something changed, not where others moved: rows that did not are the same objects as before. */
const Row = memo(function Row({ agent, until, maySupervise }: RowProps) {
  const text = useText();
  const mark: Mark = agent.state;
  const where = agent.queue || agent.queues.map((queue) => queue || text("board.allQueues")).join(", ");
  const detail = agent.state === "paused" ? agent.reason : where;
  const state = agent.on_hold ? "state.onHold" : `state.one.${mark}`;
  const tells = mark === "talking" ? agent.on_hold : mark === "ringing" || mark === "wrap-up";
  return (
    <>
      <StateMark state={mark} size={10} />
      <span className={styles.name} title={agent.agent}>
        {agent.agent}
      </span>
      <span className={styles.clock}>
        {agent.since && <Elapsed since={agent.since} until={until} />}
        {mark === "talking" && agent.interaction_id && until === null && maySupervise && (
          <Supervision agent={agent} interaction={agent.interaction_id} />
        )}
      </span>
      {(tells || detail) && (
        <span className={styles.detail} title={detail ?? undefined}>
          {tells && <em>{text(state as Key)}</em>}
          {detail}
        </span>
      )}
    </>
  );
});
