import { ArrowDownLeft, ArrowUpRight } from "lucide-react";
import { memo, useMemo } from "react";
import type { Schemas } from "../api/client";
import { type Key, type Text, useText } from "../i18n";
import { Elapsed } from "../live/Elapsed";
import { type Mark, StateMark } from "./StateMark";
import { type Column, Table } from "./Table";

type Call = Schemas["OngoingCall"];

const MARKS: Record<Call["state"], Mark> = {
  talking: "talking",
  held: "paused",
  "in-ivr": "wrap-up",
  dialling: "ringing",
};

interface Props {
  calls: readonly Call[];
  until: number | null;
}

/** The calls that go on, in the order of the API: who talks with whom, in which state and for how long. */
export const CallsTable = memo(function CallsTable({ calls, until }: Props) {
  const text = useText();
  const columns = useMemo(() => columnsOf(text, until), [text, until]);
  return (
    <Table
      name={text("board.calls")}
      height={300}
      empty={text("board.noCalls")}
      rows={calls}
      keyOf={(call) => call.interaction_id}
      columns={columns}
    />
  );
});

function columnsOf(text: Text, until: number | null): readonly Column<Call>[] {
  return [
    {
      key: "protocol",
      title: text("ongoing.protocol"),
      isPinned: true,
      cell: (call) => (
        <span style={{ display: "inline-flex", alignItems: "center", gap: 6 }}>
          {call.direction === "outbound" ? (
            <ArrowUpRight size={14} aria-hidden />
          ) : (
            <ArrowDownLeft size={14} aria-hidden />
          )}
          <span className="visually-hidden">{call.direction_label}</span>
          <span className="num">{call.protocol ?? "–"}</span>
        </span>
      ),
    },
    {
      key: "state",
      title: text("ongoing.state"),
      cell: (call) => (
        <span style={{ display: "inline-flex", alignItems: "center", gap: 6 }}>
          <StateMark state={MARKS[call.state]} size={10} />
          {text(`ongoing.state.${call.state}` as Key)}
        </span>
      ),
    },
    {
      key: "since",
      title: text("ongoing.since"),
      isNumber: true,
      cell: (call) => <Elapsed since={call.since} until={until} />,
    },
    { key: "where", title: text("ongoing.where"), cell: (call) => call.queue || call.ivr || "–" },
    { key: "agent", title: text("ongoing.agent"), cell: (call) => call.agent || "–" },
    {
      key: "number",
      title: text("ongoing.number"),
      cell: (call) => (
        <span className="num">{(call.direction === "outbound" ? call.to_number : call.from_number) || "–"}</span>
      ),
    },
  ];
}
