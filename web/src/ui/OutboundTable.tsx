import { Link } from "@tanstack/react-router";
import type { Schemas } from "../api/client";
import { count, duration, percent } from "../figures/format";
import { useCallsSearch } from "../filters/useFilters";
import { useLanguage, useText } from "../i18n";
import panels from "./Panel.module.css";
import { Table } from "./Table";

/** Outbound attempts by the queue for which they were dialled, in the API's order; each row leads to its calls. */
export function OutboundTable({ rows }: { rows: readonly Schemas["OutboundOfQueue"][] }) {
  const text = useText();
  const language = useLanguage();
  const callsOf = useCallsSearch();
  return (
    <>
      {rows.length > 0 && (
        <div className={panels.hints}>
          <p className="hint">{text("outbound.connected.table")}</p>
        </div>
      )}
      <Table
        name={text("outbound.byQueue")}
        empty={text("queues.empty")}
        rows={rows}
        keyOf={(row) => row.queue}
        columns={[
          {
            key: "queue",
            title: text("queues.queue"),
            isPinned: true,
            cell: (row) =>
              row.queue ? (
                <Link
                  to="/interacoes"
                  search={callsOf({ servico: row.queue, tipo: "outbound" }) as never}
                  aria-label={text("queues.calls", { queue: row.queue })}
                >
                  {row.queue}
                </Link>
              ) : (
                text("outbound.noQueue")
              ),
          },
          {
            key: "dialled",
            title: text("figure.dialled"),
            isNumber: true,
            cell: (row) => count(row.dialled, language),
          },
          {
            key: "answered",
            title: text("figure.outbound_answered"),
            isNumber: true,
            cell: (row) => count(row.answered, language),
          },
          {
            key: "not_connected",
            title: text("figure.not_connected"),
            isNumber: true,
            cell: (row) => count(row.not_connected, language),
          },
          {
            key: "dialling",
            title: text("figure.dialling"),
            isNumber: true,
            cell: (row) => count(row.dialling, language),
          },
          {
            key: "connected",
            title: text("figure.connected"),
            isNumber: true,
            begins: true,
            cell: (row) => count(row.connected, language),
          },
          {
            key: "connect_percent",
            title: text("figure.connect_percent"),
            isNumber: true,
            cell: (row) => percent(row.connect_percent, language),
          },
          {
            key: "aht_ms",
            title: text("figure.outbound_aht_ms"),
            isNumber: true,
            begins: true,
            cell: (row) => duration(row.aht_ms),
          },
        ]}
      />
    </>
  );
}
