import { useQuery } from "@tanstack/react-query";
import { memo, useMemo } from "react";
import type { Schemas } from "../api/client";
import { queues as queuesQuery } from "../api/queries";
import { count } from "../figures/format";
import { useLanguage, useText } from "../i18n";
import { Elapsed } from "../live/Elapsed";
import { StateMark } from "./StateMark";
import { Table } from "./Table";

type Board = Schemas["LiveBoard"];

interface Row {
  queue: string;
  waiting: number;
  /** Since when the first one waits. */
  since: string | null;
  free: number;
}

interface Props {
  waiting: Board["waiting"];
  available: Board["agents"]["available"];
  chosen: readonly string[];
  until: number | null;
}

/** Every queue with those who wait in it and the agents who are free for it; the one with the longest wait first. */
export const WaitingTable = memo(function WaitingTable({ waiting, available, chosen, until }: Props) {
  const text = useText();
  const language = useLanguage();
  const all = useQuery(queuesQuery).data;
  const rows = useMemo(() => rowsOf(all ?? [], waiting, available, chosen), [all, waiting, available, chosen]);
  return (
    <Table
      name={text("board.queues")}
      height={300}
      empty={text("queues.empty")}
      rows={rows}
      keyOf={(row) => row.queue}
      columns={[
        { key: "queue", title: text("queues.queue"), isPinned: true, cell: (row) => <strong>{row.queue}</strong> },
        { key: "waiting", title: text("figure.waiting"), isNumber: true, cell: (row) => count(row.waiting, language) },
        {
          key: "longest",
          title: text("queues.longest"),
          isNumber: true,
          cell: (row) => (row.since ? <Elapsed since={row.since} until={until} /> : "–"),
        },
        {
          key: "free",
          title: text("queues.free"),
          isNumber: true,
          cell: (row) => (
            <span style={{ display: "inline-flex", alignItems: "center", gap: 6 }}>
              <StateMark state={row.free ? "available" : "offline"} size={10} />
              {count(row.free, language)}
            </span>
          ),
        },
      ]}
    />
  );
});

function rowsOf(
  queues: readonly Schemas["QueueSummary"][],
  waiting: Board["waiting"],
  available: Board["agents"]["available"],
  chosen: readonly string[],
): Row[] {
  const shown = queues.filter((queue) => queue.active && (chosen.length === 0 || chosen.includes(queue.name)));
  const rows = new Map<string, Row>(shown.map(({ name }) => [name, { queue: name, waiting: 0, since: null, free: 0 }]));
  for (const { queue, since } of waiting) {
    const row = rows.get(queue);
    if (!row) continue;
    row.waiting += 1;
    if (row.since === null || since < row.since) row.since = since;
  }
  for (const agent of available) {
    // An agent who is logged in to "" is free for every queue.
    for (const queue of agent.queues.includes("") ? rows.keys() : new Set(agent.queues)) {
      const row = rows.get(queue);
      if (row) row.free += 1;
    }
  }
  // Queues without anybody who waits stay in the order of the API, by name. Instants of one zone are in the order of their texts.
  return [...rows.values()].sort((a, b) => ((a.since ?? "~") < (b.since ?? "~") ? -1 : a.since === b.since ? 0 : 1));
}
