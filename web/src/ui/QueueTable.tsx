import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Schemas } from "../api/client";
import { queues } from "../api/queries";
import { count, duration, percent } from "../figures/format";
import { useCallsSearch } from "../filters/useFilters";
import { useLanguage, useText } from "../i18n";
import styles from "./QueueTable.module.css";
import { StateMark } from "./StateMark";
import { Table } from "./Table";

type Row = Schemas["OfQueue"];

/** Calls by queue, the worst service level first. The bar compares what queues received. */
export function QueueTable({ rows }: { rows: readonly Row[] }) {
  const text = useText();
  const language = useLanguage();
  const callsOf = useCallsSearch();
  const targets = new Map((useQuery(queues).data ?? []).map((queue) => [queue.name, queue.sla_target]));
  const most = Math.max(1, ...rows.map((row) => row.offered ?? 0));
  const sorted = [...rows].sort(
    (a, b) => (a.sla_percent ?? 101) - (b.sla_percent ?? 101) || a.queue.localeCompare(b.queue),
  );
  const target = (row: Row) => targets.get(row.queue);
  return (
    <Table
      name={text("queues.title")}
      empty={text("queues.empty")}
      rows={sorted}
      keyOf={(row) => row.queue}
      columns={[
        {
          key: "queue",
          title: text("queues.queue"),
          isPinned: true,
          cell: (row) => (
            <Link
              className={styles.name}
              to="/inbound"
              search={((before: Record<string, unknown>) => ({ ...before, servico: row.queue })) as never}
              title={row.queue}
            >
              {row.queue}
            </Link>
          ),
        },
        {
          key: "offered",
          title: text("figure.offered"),
          isNumber: true,
          cell: (row) => (
            <span className={styles.share}>
              <span className={styles.track} aria-hidden>
                <span style={{ width: `${((row.offered ?? 0) / most) * 100}%` }} />
              </span>
              <Link
                className={styles.count}
                to="/interacoes"
                search={callsOf({ servico: row.queue, tipo: "inbound" }) as never}
                aria-label={text("queues.countOf", { count: count(row.offered, language), queue: row.queue })}
              >
                {count(row.offered, language)}
              </Link>
            </span>
          ),
        },
        {
          key: "sla_percent",
          title: text("figure.sla_percent"),
          isNumber: true,
          cell: (row) => {
            const wanted = target(row);
            const keeps = wanted != null && row.sla_percent != null ? row.sla_percent >= wanted : null;
            return (
              <span className={styles.sla}>
                {keeps !== null && <StateMark state={keeps ? "ok" : "breach"} size={11} />}
                {keeps !== null && (
                  <span className="visually-hidden">{text(keeps ? "queues.inTime" : "queues.below")}</span>
                )}
                <strong>{percent(row.sla_percent, language)}</strong>
                {wanted != null && (
                  <span className="hint">{text("figure.target", { target: `${count(wanted, language)}\u00a0%` })}</span>
                )}
              </span>
            );
          },
        },
        {
          key: "answered",
          title: text("figure.answered"),
          isNumber: true,
          cell: (row) => count(row.answered, language),
        },
        {
          key: "abandoned",
          title: text("figure.abandoned"),
          isNumber: true,
          cell: (row) => count(row.abandoned, language),
        },
        {
          key: "timed_out",
          title: text("figure.timed_out"),
          isNumber: true,
          cell: (row) => count(row.timed_out, language),
        },
        { key: "asa_ms", title: text("figure.asa_ms"), isNumber: true, cell: (row) => duration(row.asa_ms) },
        { key: "aht_ms", title: text("figure.aht_ms"), isNumber: true, cell: (row) => duration(row.aht_ms) },
        { key: "waiting", title: text("figure.waiting"), isNumber: true, cell: (row) => count(row.waiting, language) },
      ]}
    />
  );
}
