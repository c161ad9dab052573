import { useQuery } from "@tanstack/react-query";
import { memo, useMemo, useRef } from "react";
import type { Schemas } from "../api/client";
import { queues as queuesQuery } from "../api/queries";
import { count } from "../figures/format";
import { type Language, type Text, useLanguage, useText } from "../i18n";
import { Elapsed } from "../live/Elapsed";
import { type QueueNow, queuesNow } from "./queuesNow";
import { StateMark } from "./StateMark";
import { type Column, Table } from "./Table";

type Board = Schemas["LiveBoard"];

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
  const names = useMemo(
    () =>
      (all ?? [])
        .filter(({ name, active }) => active && (chosen.length === 0 || chosen.includes(name)))
        .map(({ name }) => name),
    [all, chosen],
  );
  const shown = useRef<QueueNow[]>([]);
  const rows = useMemo(() => {
    shown.current = queuesNow(names, waiting, available, shown.current);
    return shown.current;
  }, [names, waiting, available]);
  const columns = useMemo(() => columnsOf(text, language, until), [text, language, until]);
  return (
    <Table
      name={text("board.queues")}
      height={300}
      empty={text("queues.empty")}
      rows={rows}
      keyOf={(row) => row.queue}
      columns={columns}
    />
  );
});

function columnsOf(text: Text, language: Language, until: number | null): readonly Column<QueueNow>[] {
  return [
    {
      key: "queue",
      title: text("queues.queue"),
      isPinned: true,
      cell: (row) => <strong title={row.queue}>{row.queue}</strong>,
    },
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
  ];
}
