import { useQuery } from "@tanstack/react-query";
import { createFileRoute, Link } from "@tanstack/react-router";
import { answerOf, api, type Schemas } from "../../api/client";
import { callbacks } from "../../api/queries";
import { useText } from "../../i18n";
import { useInstant } from "../../time/useInstant";
import { Allowed } from "../../ui/Allowed";
import { CommandButton } from "../../ui/CommandButton";
import { ListPage } from "../../ui/ListPage";
import { MONITORING } from "../../ui/menu";

export const Route = createFileRoute("/_shell/retornos")({
  component: () => (
    <Allowed permission={MONITORING}>
      <Callbacks />
    </Allowed>
  ),
});

/** Callers of an IVR who asked to be called back, the one who waits longest first. */
function Callbacks() {
  const text = useText();
  const instant = useInstant();
  return (
    <ListPage
      title={text("page.callbacks")}
      result={useQuery(callbacks)}
      words={(row) => `${row.from_number} ${row.queue} ${row.ivr}`}
      keyOf={(row) => row.id}
      empty={text("callback.none")}
      hint={text("callback.none.hint")}
      columns={[
        {
          key: "number",
          title: text("phone.number"),
          isPinned: true,
          cell: (row) => (
            <Link to="/interacoes/$interaction" params={{ interaction: row.interaction_id }} search={{}}>
              <span className="num">{row.from_number}</span>
            </Link>
          ),
        },
        { key: "requested_at", title: text("callback.requested"), cell: (row) => instant(row.requested_at) },
        { key: "queue", title: text("filters.queue"), cell: (row) => row.queue },
        { key: "ivr", title: text("page.ivr"), cell: (row) => row.ivr },
        { key: "actions", title: text("field.actions"), cell: (row) => <Actions row={row} /> },
      ]}
    />
  );
}

function Actions({ row }: { row: Schemas["CallbackDetail"] }) {
  const text = useText();
  const params = { path: { callback_id: row.id } };
  const conclude = (outcome: "reached" | "lost") => (headers: Record<string, string>) =>
    answerOf(api.POST("/v1/callbacks/{callback_id}/conclude", { params, body: { outcome }, headers }));
  return (
    <span style={{ display: "inline-flex", flexWrap: "wrap", gap: 6 }}>
      <CommandButton
        label={text("callback.call")}
        send={(headers) => answerOf(api.POST("/v1/callbacks/{callback_id}/call", { params, body: {}, headers }))}
      />
      <CommandButton label={text("callback.reached")} send={conclude("reached")} />
      <CommandButton label={text("callback.lost")} ask={text("callback.lost.ask")} send={conclude("lost")} />
    </span>
  );
}
