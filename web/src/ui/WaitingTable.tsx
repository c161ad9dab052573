import { useQuery } from "@tanstack/react-query";
import type { Schemas } from "../api/client";
import { queues as queuesQuery } from "../api/queries";
import { count } from "../figures/format";
import { useLanguage, useText } from "../i18n";
import { Elapsed } from "../live/Elapsed";
import { StateMark } from "./StateMark";
import { Table } from "./Table";

interface Row {
  queue: string;
  target: number;
  waiting: readonly Schemas["Waiting"][];
  free: number;
}

interface Props {
  answer: Pick<Schemas["LiveBoard"], "waiting" | "agents">;
  chosen: readonly string[];
  until: number | null;
}

/** Every queue with those who wait in it and the agents who are free for it; the one with the longest wait first. */
export function WaitingTable({ answer, chosen, until }: Props) {
  const text = useText();
  const language = useLanguage();
  const all = useQuery(queuesQuery).data ?? [];
  const rows: Row[] = all
    .filter((queue) => queue.active && (chosen.length === 0 || chosen.includes(queue.name)))
    .map((queue) => ({
      queue: queue.name,
      target: queue.sla_ms,
      waiting: answer.waiting.filter((one) => one.queue === queue.name).sort((a, b) => a.since.localeCompare(b.since)),
      free: answer.agents.available.filter((agent) => agent.queues.includes(queue.name)).length,
    }))
    .sort(
      (a, b) =>
        (a.waiting[0]?.since ?? "~").localeCompare(b.waiting[0]?.since ?? "~") || a.queue.localeCompare(b.queue),
    );
  return (
    <Table
      name={text("board.queues")}
      height={300}
      empty={text("queues.empty")}
      rows={rows}
      keyOf={(row) => row.queue}
      columns={[
        { key: "queue", title: text("queues.queue"), isPinned: true, cell: (row) => <strong>{row.queue}</strong> },
        {
          key: "waiting",
          title: text("figure.waiting"),
          isNumber: true,
          cell: (row) => count(row.waiting.length, language),
        },
        {
          key: "longest",
          title: text("queues.longest"),
          isNumber: true,
          cell: (row) => (row.waiting[0] ? <Elapsed since={row.waiting[0].since} until={until} /> : "–"),
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
}
