import { NativeSelect, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { createFileRoute, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { answerOf, api, type Schemas } from "../../api/client";
import { queues, webhookOf } from "../../api/queries";
import { count } from "../../figures/format";
import { useLanguage, useText } from "../../i18n";
import { useInstant } from "../../time/useInstant";
import { Allowed } from "../../ui/Allowed";
import { BackLink } from "../../ui/BackLink";
import { DeliveryState, WebhookState } from "../../ui/Badge";
import { CommandButton } from "../../ui/CommandButton";
import { Choices, NamesField } from "../../ui/Fields";
import { WEBHOOKS } from "../../ui/menu";
import { OneTime } from "../../ui/OneTime";
import { PageHeader } from "../../ui/PageHeader";
import { Panel } from "../../ui/Panel";
import panels from "../../ui/Panel.module.css";
import { Pending } from "../../ui/Pending";
import { ServerFormView } from "../../ui/ServerFormView";
import { Table } from "../../ui/Table";
import { useServerForm } from "../../ui/useServerForm";
import { webhookError } from "../../ui/webhookErrors";
import { EVENTS } from "../../ui/webhookEvents";

export const Route = createFileRoute("/_shell/webhooks/$webhook")({
  component: () => (
    <Allowed permission={WEBHOOKS}>
      <WebhookPage />
    </Allowed>
  ),
});

type Detail = Schemas["WebhookDetail"];
type Settings = Pick<Detail, "url" | "events" | "queues" | "direction">;

const settingsOf = ({ url, events, queues, direction }: Detail): Settings => ({ url, events, queues, direction });

/** One webhook: where it posts, what, and what became of it. */
function WebhookPage() {
  const { webhook } = Route.useParams();
  return webhook === "novo" ? <New /> : <Existing id={webhook} key={webhook} />;
}

function New() {
  const text = useText();
  const navigate = useNavigate();
  const [made, setMade] = useState<{ id: string; secret: string } | null>(null);
  return (
    <>
      <BackLink to="/webhooks" label={text("page.webhooks")} />
      <PageHeader title={text("webhook.new")} />
      <Panel title={text("webhook.settings")}>
        <SettingsForm
          initial={{ url: "", events: [], queues: [], direction: "" }}
          action={text("form.create")}
          save={(body, _, headers) => answerOf(api.POST("/v1/webhooks", { body: body as never, headers }))}
          onSaved={(done) => done && setMade({ id: done.id, secret: String(done.result.secret ?? "") })}
        />
      </Panel>
      <OneTime
        title={text("webhook.secret")}
        hint={text("webhook.secret.hint")}
        secret={made?.secret ?? ""}
        close={() => made && void navigate({ to: "/webhooks/$webhook", params: { webhook: made.id } })}
      />
    </>
  );
}

function Existing({ id }: { id: string }) {
  const text = useText();
  const navigate = useNavigate();
  const [secret, setSecret] = useState("");
  const { data, error, refetch } = useQuery(webhookOf(id));
  const params = { path: { webhook_id: id } };
  return (
    <>
      <BackLink to="/webhooks" label={text("page.webhooks")} />
      <PageHeader title={text("page.webhook")}>
        {data && (
          <>
            <WebhookState status={data.status} />
            {data.status === "active" ? (
              <CommandButton
                label={text("webhook.pause")}
                ask={text("webhook.pause.ask")}
                send={(headers) => answerOf(api.POST("/v1/webhooks/{webhook_id}/pause", { params, headers }))}
              />
            ) : (
              <CommandButton
                label={text("webhook.resume")}
                send={(headers) => answerOf(api.POST("/v1/webhooks/{webhook_id}/resume", { params, headers }))}
              />
            )}
            <CommandButton
              label={text("webhook.rotate")}
              ask={text("webhook.rotate.ask")}
              send={(headers) => answerOf(api.POST("/v1/webhooks/{webhook_id}/secret", { params, body: {}, headers }))}
              onSaved={(done) => setSecret(String(done?.result.secret ?? ""))}
            />
            <CommandButton
              label={text("form.delete")}
              ask={text("webhook.delete.ask")}
              isDanger
              send={(headers) => answerOf(api.DELETE("/v1/webhooks/{webhook_id}", { params, headers }))}
              onSaved={() => void navigate({ to: "/webhooks" })}
            />
          </>
        )}
      </PageHeader>
      {data ? (
        <div className={panels.column}>
          {data.disabled_reason && <p className="hint">{text("webhook.disabled", { reason: data.disabled_reason })}</p>}
          <Panel title={text("webhook.settings")}>
            <SettingsForm
              initial={settingsOf(data)}
              id={id}
              current={async () => settingsOf((await refetch({ throwOnError: true })).data as Detail)}
              save={(body, _, headers) =>
                answerOf(api.PATCH("/v1/webhooks/{webhook_id}", { params, body: body as never, headers }))
              }
            />
          </Panel>
          <Deliveries id={id} />
        </div>
      ) : (
        <Pending error={error} retry={() => void refetch()} figures={1} />
      )}
      <OneTime
        title={text("webhook.secret")}
        hint={text("webhook.secret.hint")}
        secret={secret}
        close={() => setSecret("")}
      />
    </>
  );
}

interface SettingsProps extends Omit<Parameters<typeof useServerForm<Settings>>[0], "validate"> {
  action?: string;
}

function SettingsForm({ action, ...options }: SettingsProps) {
  const text = useText();
  const known = useQuery(queues).data ?? [];
  const server = useServerForm<Settings>({
    ...options,
    validate: ({ url, events }) => ({
      ...(!/^https?:\/\/\S+$/.test(url) && { url: text("webhook.url.wrong") }),
      ...(events.length === 0 && { events: text("webhook.events.missing") }),
    }),
  });
  const { form } = server;
  return (
    <ServerFormView of={server} action={action}>
      <TextInput
        label={text("webhook.url")}
        description={text("webhook.url.hint")}
        type="url"
        placeholder="https://"
        {...form.getInputProps("url")}
      />
      <NativeSelect
        label={text("webhook.direction")}
        data={[
          { value: "", label: text("webhook.direction.all") },
          { value: "inbound", label: "Inbound" },
          { value: "outbound", label: "Outbound" },
        ]}
        {...form.getInputProps("direction")}
      />
      <Choices
        title={text("webhook.events")}
        hint={form.errors.events ? <strong role="alert">{form.errors.events}</strong> : text("webhook.events.hint")}
        options={EVENTS.map((value) => ({ value, label: value, description: text(`event.${value}`) }))}
        chosen={form.values.events}
        choose={(events) => form.setFieldValue("events", events)}
      />
      <NamesField
        title={text("page.queues")}
        names={known.map((queue) => queue.name)}
        chosen={form.values.queues}
        choose={(names) => form.setFieldValue("queues", names)}
        none={text("filters.all")}
      />
    </ServerFormView>
  );
}

/** What was posted in the last days, and what became of it. */
function Deliveries({ id }: { id: string }) {
  const text = useText();
  const instant = useInstant();
  const language = useLanguage();
  const [tested, setTested] = useState<Schemas["WebhookTest"] | null>(null);
  const { data } = useQuery({
    queryKey: ["webhooks", id, "deliveries"],
    queryFn: () =>
      answerOf(
        api.GET("/v1/webhooks/{webhook_id}/deliveries", {
          params: { path: { webhook_id: id }, query: { limit: 100 } },
        }),
      ),
    refetchInterval: 10_000,
  });
  return (
    <Panel
      title={text("webhook.deliveries")}
      actions={
        <CommandButton
          label={text("webhook.test")}
          send={async () => {
            setTested(
              await answerOf(api.POST("/v1/webhooks/{webhook_id}/test", { params: { path: { webhook_id: id } } })),
            );
            return undefined;
          }}
        />
      }
    >
      {tested && (
        <p className="hint" role="status" data-tested={tested.delivered}>
          {text(tested.delivered ? "webhook.test.delivered" : "webhook.test.failed", {
            answer: tested.status_code ?? webhookError(tested.error, text),
            ms: count(tested.duration_ms, language),
          })}
        </p>
      )}
      <Table
        name={text("webhook.deliveries")}
        rows={data?.items ?? []}
        keyOf={(row) => row.id}
        empty={text("webhook.deliveries.none")}
        columns={[
          { key: "created_at", title: text("field.created"), isPinned: true, cell: (row) => instant(row.created_at) },
          { key: "type", title: text("webhook.event"), cell: (row) => row.type },
          { key: "status", title: text("field.state"), cell: (row) => <DeliveryState status={row.status} /> },
          {
            key: "attempts",
            title: text("webhook.attempts"),
            isNumber: true,
            cell: (row) => count(row.attempts, language),
          },
          {
            key: "answer",
            title: text("webhook.answer"),
            cell: (row) => row.status_code ?? (webhookError(row.error ?? "", text) || "–"),
          },
        ]}
      />
    </Panel>
  );
}
