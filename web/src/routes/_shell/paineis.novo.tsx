import { TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { createFileRoute, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { answerOf, api } from "../../api/client";
import { queues } from "../../api/queries";
import { useText } from "../../i18n";
import { Allowed } from "../../ui/Allowed";
import { BackLink } from "../../ui/BackLink";
import { NamesField } from "../../ui/Fields";
import { KEYS, MONITORING } from "../../ui/menu";
import { OneTime } from "../../ui/OneTime";
import { PageHeader } from "../../ui/PageHeader";
import { Panel } from "../../ui/Panel";
import { ServerFormView } from "../../ui/ServerFormView";
import { useServerForm } from "../../ui/useServerForm";
import { linkOf } from "../../wall/linkOf";

export const Route = createFileRoute("/_shell/paineis/novo")({
  component: () => (
    <Allowed permission={KEYS}>
      <Allowed permission={MONITORING}>
        <NewScreen />
      </Allowed>
    </Allowed>
  ),
});

/** A new screen: where it hangs and what it shows. The link that makes a device the screen is shown once. */
function NewScreen() {
  const text = useText();
  const navigate = useNavigate();
  const known = useQuery(queues).data ?? [];
  const [link, setLink] = useState("");
  const server = useServerForm({
    initial: { name: "", queues: [] as string[] },
    validate: ({ name }) => ({ ...(!name.trim() && { name: text("form.required") }) }),
    save: ({ name, queues: names }, _, headers) => {
      const chosen = known.filter((queue) => names.includes(queue.name)).map((queue) => queue.id);
      return answerOf(api.POST("/v1/screens", { body: { name, queue_ids: names.length ? chosen : null }, headers }));
    },
    onSaved: (done) => setLink(linkOf(done?.result.token)),
  });
  const { form } = server;
  return (
    <>
      <BackLink to="/paineis" label={text("page.screens")} />
      <PageHeader title={text("screen.new")} />
      <Panel title={text("key.settings")}>
        <ServerFormView of={server} action={text("form.create")}>
          <TextInput
            label={text("field.name")}
            description={text("screen.name.hint")}
            {...form.getInputProps("name")}
          />
          <NamesField
            title={text("key.scope")}
            hint={text("screen.scope.hint")}
            names={known.map((queue) => queue.name)}
            chosen={form.values.queues}
            choose={(names) => form.setFieldValue("queues", names)}
            none={text("key.scope.all")}
          />
        </ServerFormView>
      </Panel>
      <OneTime
        title={text("screen.link")}
        hint={text("screen.link.hint")}
        secret={link}
        close={() => void navigate({ to: "/paineis" })}
      />
    </>
  );
}
