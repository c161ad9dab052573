import { NumberInput, TextInput } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { createFileRoute, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { answerOf, api } from "../../api/client";
import { me, queues } from "../../api/queries";
import { useText } from "../../i18n";
import { Allowed } from "../../ui/Allowed";
import { BackLink } from "../../ui/BackLink";
import { NamesField } from "../../ui/Fields";
import { KEYS } from "../../ui/menu";
import { OneTime } from "../../ui/OneTime";
import { PageHeader } from "../../ui/PageHeader";
import { Panel } from "../../ui/Panel";
import { PermissionChoices } from "../../ui/PermissionChoices";
import { ServerFormView } from "../../ui/ServerFormView";
import { useServerForm } from "../../ui/useServerForm";

export const Route = createFileRoute("/_shell/chaves/nova")({
  component: () => (
    <Allowed permission={KEYS}>
      <NewKey />
    </Allowed>
  ),
});

/** A new API key: what it may do, what it sees, until when. */
function NewKey() {
  const text = useText();
  const navigate = useNavigate();
  const mine = useSuspenseQuery(me).data.permissions;
  const known = useQuery(queues).data ?? [];
  const [secret, setSecret] = useState("");
  const server = useServerForm({
    initial: {
      name: "",
      permissions: [] as string[],
      queues: [] as string[],
      expires_at: "",
      requests_per_minute: 600,
    },
    validate: ({ name, expires_at }) => ({
      ...(!name.trim() && { name: text("form.required") }),
      ...(expires_at && Date.parse(expires_at) <= Date.now() && { expires_at: text("key.expires.past") }),
    }),
    save: ({ queues: names, expires_at, permissions, ...body }, _, headers) =>
      answerOf(
        api.POST("/v1/api-keys", {
          body: {
            ...body,
            permissions: permissions as never,
            queue_ids: names.length
              ? known.filter((queue) => names.includes(queue.name)).map((queue) => queue.id)
              : null,
            expires_at: expires_at ? new Date(`${expires_at}T23:59:59`).toISOString() : null,
          },
          headers,
        }),
      ),
    onSaved: (done) => setSecret(String(done?.result.key ?? "")),
  });
  const { form } = server;
  return (
    <>
      <BackLink to="/chaves" label={text("page.keys")} />
      <PageHeader title={text("key.new")} />
      <Panel title={text("key.settings")}>
        <ServerFormView of={server} action={text("form.create")}>
          <TextInput label={text("field.name")} description={text("key.name.hint")} {...form.getInputProps("name")} />
          <TextInput
            type="date"
            label={text("key.expires")}
            description={text("key.expires.hint")}
            {...form.getInputProps("expires_at")}
          />
          <NumberInput
            label={text("key.rate")}
            description={text("key.rate.hint")}
            min={1}
            {...form.getInputProps("requests_per_minute")}
          />
          <PermissionChoices
            holder={form.values.queues.length ? "limited-key" : "key"}
            mine={mine}
            chosen={form.values.permissions}
            choose={(permissions) => form.setFieldValue("permissions", permissions)}
          />
          <NamesField
            title={text("key.scope")}
            hint={text("key.scope.hint")}
            names={known.map((queue) => queue.name)}
            chosen={form.values.queues}
            choose={(names) => form.setFieldValue("queues", names)}
            none={text("key.scope.all")}
          />
        </ServerFormView>
      </Panel>
      <OneTime
        title={text("key.secret")}
        hint={text("key.secret.hint")}
        secret={secret}
        close={() => void navigate({ to: "/chaves" })}
      />
    </>
  );
}
