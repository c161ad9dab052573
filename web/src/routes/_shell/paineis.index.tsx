import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { createFileRoute } from "@tanstack/react-router";
import { useState } from "react";
import { answerOf, api, type Schemas } from "../../api/client";
import { me, screens } from "../../api/queries";
import { useText } from "../../i18n";
import { useInstant } from "../../time/useInstant";
import { Allowed } from "../../ui/Allowed";
import { Tone } from "../../ui/Badge";
import { CommandButton } from "../../ui/CommandButton";
import { ListPage } from "../../ui/ListPage";
import { KEYS, MONITORING } from "../../ui/menu";
import { OneTime } from "../../ui/OneTime";
import { linkOf } from "../../wall/linkOf";

export const Route = createFileRoute("/_shell/paineis/")({
  component: () => (
    <Allowed permission={KEYS}>
      <Screens />
    </Allowed>
  ),
});

type Detail = Schemas["ScreenDetail"];

/** The devices that show the wall without a user who is signed in. */
function Screens() {
  const text = useText();
  const instant = useInstant();
  const [link, setLink] = useState("");
  return (
    <>
      <ListPage
        title={text("page.screens")}
        add={{ label: text("screen.new"), to: "/paineis/novo" }}
        result={useQuery(screens)}
        words={(row) => row.name}
        keyOf={(row) => row.id}
        empty={text("screen.none")}
        hint={text("screen.none.hint")}
        columns={[
          { key: "name", title: text("field.name"), isPinned: true, cell: (row) => <strong>{row.name}</strong> },
          { key: "state", title: text("field.state"), cell: (row) => <State row={row} /> },
          {
            key: "scope",
            title: text("screen.scope"),
            cell: (row) =>
              row.queue_ids ? text("key.scope.queues", { count: row.queue_ids.length }) : text("filters.all"),
          },
          {
            key: "last_used_at",
            title: text("key.used"),
            cell: (row) => (row.last_used_at ? instant(row.last_used_at) : text("key.never")),
          },
          { key: "actions", title: text("field.actions"), cell: (row) => <Changes row={row} show={setLink} /> },
        ]}
      />
      <OneTime title={text("screen.link")} hint={text("screen.link.hint")} secret={link} close={() => setLink("")} />
    </>
  );
}

function State({ row }: { row: Detail }) {
  const text = useText();
  if (row.revoked) return <Tone tone="danger">{text("screen.revoked")}</Tone>;
  if (row.connected_at) return <Tone tone="ok">{text("screen.connected")}</Tone>;
  return <Tone tone="off">{text("screen.waiting")}</Tone>;
}

/** A new link takes the screen to another device; it shows what its giver may watch. Everybody who manages keys revokes one. */
function Changes({ row, show }: { row: Detail; show: (link: string) => void }) {
  const text = useText();
  const mine = useSuspenseQuery(me).data.permissions;
  const params = { path: { screen_id: row.id } };
  if (row.revoked) return "–";
  return (
    <span style={{ display: "inline-flex", gap: 8 }}>
      {mine.includes(MONITORING) && (
        <CommandButton
          label={text("screen.relink")}
          ask={text("screen.relink.ask")}
          send={(headers) => answerOf(api.POST("/v1/screens/{screen_id}/link", { params, headers }))}
          onSaved={(done) => show(linkOf(done?.result.token))}
        />
      )}
      <CommandButton
        label={text("screen.revoke")}
        ask={text("screen.revoke.ask")}
        isDanger
        send={(headers) => answerOf(api.POST("/v1/screens/{screen_id}/revoke", { params, headers }))}
      />
    </span>
  );
}
