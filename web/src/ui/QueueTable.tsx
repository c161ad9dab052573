import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Schemas } from "../api/client";
import { queues } from "../api/queries";
import { count, type Kind, percent } from "../figures/format";
import { bounded, keepsTarget, limitsOf } from "../figures/limits";
import { useCallsSearch } from "../filters/useFilters";
import { useLanguage, useText } from "../i18n";
import styles from "./QueueTable.module.css";
import { StateMark } from "./StateMark";
import { Table } from "./Table";

type Row = Schemas["OfQueue"];

const OTHERS = [
  ["answered", "count"],
  ["abandoned", "count"],
  ["timed_out", "count"],
  ["asa_ms", "duration"],
  ["aht_ms", "duration"],
  ["waiting", "count"],
] as const;

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
  const shown = (row: Row, key: "offered" | "sla_percent" | (typeof OTHERS)[number][0], kind: Kind) =>
    bounded(kind, row[key], limitsOf(row.bounds, key), language);
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
                {shown(row, "offered", "count")}
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
            const keeps = keepsTarget(row.sla_percent, wanted, limitsOf(row.bounds, "sla_percent"));
            return (
              <span className={styles.sla}>
                {keeps !== null && <StateMark state={keeps ? "ok" : "breach"} size={11} />}
                {keeps !== null && (
                  <span className="visually-hidden">{text(keeps ? "queues.inTime" : "queues.below")}</span>
                )}
                <strong>{shown(row, "sla_percent", "percent")}</strong>
                {wanted != null && (
                  <span className="hint">{text("figure.target", { target: percent(wanted, language) })}</span>
                )}
              </span>
            );
          },
        },
        ...OTHERS.map(([key, kind]) => ({
          key,
          title: text(`figure.${key}`),
          isNumber: true,
          cell: (row: Row) => shown(row, key, kind),
        })),
      ]}
    />
  );
}
