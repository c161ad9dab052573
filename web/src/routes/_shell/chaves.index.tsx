import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { createFileRoute } from "@tanstack/react-router";
import { useState } from "react";
import { answerOf, api, type Schemas } from "../../api/client";
import { apiKeys, me } from "../../api/queries";
import { count } from "../../figures/format";
import { useLanguage, useText } from "../../i18n";
import { useInstant } from "../../time/useInstant";
import { Allowed } from "../../ui/Allowed";
import { Tone } from "../../ui/Badge";
import { CommandButton } from "../../ui/CommandButton";
import { InfoPopover } from "../../ui/InfoPopover";
import { ListPage } from "../../ui/ListPage";
import styles from "../../ui/ListPage.module.css";
import { KEYS } from "../../ui/menu";
import { OneTime } from "../../ui/OneTime";

export const Route = createFileRoute("/_shell/chaves/")({
  component: () => (
    <Allowed permission={KEYS}>
      <Keys />
    </Allowed>
  ),
});

type Detail = Schemas["ApiKeyDetail"];

/** The keys by which other programs use the API. */
function Keys() {
  const text = useText();
  const instant = useInstant();
  const [secret, setSecret] = useState("");
  return (
    <>
      <ListPage
        title={text("page.keys")}
        add={{ label: text("key.new"), to: "/chaves/nova" }}
        result={useQuery(apiKeys)}
        words={(row) => `${row.name} ${row.prefix}`}
        keyOf={(row) => row.id}
        empty={text("key.none")}
        hint={text("key.none.hint")}
        columns={[
          { key: "name", title: text("field.name"), isPinned: true, cell: (row) => <strong>{row.name}</strong> },
          { key: "prefix", title: text("key.prefix"), cell: (row) => `${row.prefix}…` },
          { key: "state", title: text("field.state"), cell: (row) => <State row={row} /> },
          {
            key: "permissions",
            title: text("field.permissions"),
            isNumber: true,
            cell: (row) => <Permissions row={row} />,
          },
          {
            key: "scope",
            title: text("key.scope"),
            cell: (row) =>
              row.queue_ids ? text("key.scope.queues", { count: row.queue_ids.length }) : text("key.scope.all"),
          },
          {
            key: "last_used_at",
            title: text("key.used"),
            cell: (row) => (row.last_used_at ? instant(row.last_used_at) : text("key.never")),
          },
          {
            key: "expires_at",
            title: text("key.expires"),
            cell: (row) => (row.expires_at ? instant(row.expires_at) : text("key.endless")),
          },
          { key: "actions", title: text("field.actions"), cell: (row) => <Changes row={row} show={setSecret} /> },
        ]}
      />
      <OneTime title={text("key.secret")} hint={text("key.secret.hint")} secret={secret} close={() => setSecret("")} />
    </>
  );
}

const isOver = (row: Detail) => row.expires_at !== null && Date.parse(row.expires_at) <= Date.now();

/** How many permissions a key has, and which they are. */
function Permissions({ row }: { row: Detail }) {
  const text = useText();
  const language = useLanguage();
  const [isOpen, setOpen] = useState(false);
  const title = text("key.permissions", { name: row.name });
  return (
    <span className={styles.about}>
      {count(row.permissions.length, language)}
      <InfoPopover button={title} title={title} isOpen={isOpen} setOpen={setOpen}>
        <strong>{title}</strong>
        <ul className={styles.names}>
          {row.permissions.map((permission) => (
            <li key={permission}>{permission}</li>
          ))}
        </ul>
      </InfoPopover>
    </span>
  );
}

function State({ row }: { row: Detail }) {
  const text = useText();
  if (row.revoked) return <Tone tone="danger">{text("key.revoked")}</Tone>;
  return isOver(row) ? <Tone tone="off">{text("key.expired")}</Tone> : <Tone tone="ok">{text("state.active")}</Tone>;
}

/** Who gives a key a new secret has all that the key may; everybody who manages keys revokes one. */
function Changes({ row, show }: { row: Detail; show: (secret: string) => void }) {
  const text = useText();
  const mine = useSuspenseQuery(me).data.permissions;
  const params = { path: { api_key_id: row.id } };
  if (row.revoked || isOver(row)) return "–";
  return (
    <span style={{ display: "inline-flex", gap: 8 }}>
      {row.permissions.every((permission) => mine.includes(permission)) && (
        <CommandButton
          label={text("key.rotate")}
          ask={text("key.rotate.ask")}
          send={(headers) => answerOf(api.POST("/v1/api-keys/{api_key_id}/rotate", { params, body: {}, headers }))}
          onSaved={(done) => show(String(done?.result.key ?? ""))}
        />
      )}
      <CommandButton
        label={text("key.revoke")}
        ask={text("key.revoke.ask")}
        isDanger
        send={(headers) => answerOf(api.POST("/v1/api-keys/{api_key_id}/revoke", { params, headers }))}
      />
    </span>
  );
}
