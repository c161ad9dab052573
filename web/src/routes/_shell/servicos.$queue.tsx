import { NativeSelect, Switch, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { createFileRoute, useNavigate } from "@tanstack/react-router";
import { answerOf, api, type Schemas } from "../../api/client";
import { agents, company, queueOf } from "../../api/queries";
import { useText } from "../../i18n";
import { Allowed } from "../../ui/Allowed";
import { BackLink } from "../../ui/BackLink";
import { Tone } from "../../ui/Badge";
import { CommandButton } from "../../ui/CommandButton";
import { NamesField, SecondsInput, ServiceLevelFields } from "../../ui/Fields";
import { QUEUES } from "../../ui/menu";
import { PageHeader } from "../../ui/PageHeader";
import { Panel } from "../../ui/Panel";
import panels from "../../ui/Panel.module.css";
import { Pending } from "../../ui/Pending";
import { ServerFormView } from "../../ui/ServerFormView";
import { useServerForm } from "../../ui/useServerForm";

export const Route = createFileRoute("/_shell/servicos/$queue")({
  component: () => (
    <Allowed permission={QUEUES}>
      <Queue />
    </Allowed>
  ),
});

type Detail = Schemas["QueueDetail"];
type Settings = Pick<Detail, "name" | (typeof SETTINGS)[number]>;

const SETTINGS = [
  "sla_target",
  "sla_ms",
  "tolerated_ms",
  "wrap_up_ms",
  "internal_number",
  "on_screen",
  "sla_profile",
  "recording",
] as const;
const PROFILES: readonly Detail["sla_profile"][] = [
  "offered",
  "answered-only",
  "asterisk-perf2",
  "amazon-connect",
  "genesys",
  "xcally",
  "offered-minus-short",
];

const settingsOf = (queue: Detail): Settings =>
  Object.fromEntries((["name", ...SETTINGS] as const).map((key) => [key, queue[key]])) as Settings;

/** One queue (serviço): its targets, the agents who answer it, and whether it takes calls. */
function Queue() {
  const { queue } = Route.useParams();
  return queue === "novo" ? <New /> : <Existing id={queue} key={queue} />;
}

function New() {
  const text = useText();
  const navigate = useNavigate();
  const firm = useQuery(company).data;
  const initial: Settings = {
    name: "",
    sla_target: firm?.sla_target ?? 80,
    sla_ms: firm?.sla_ms ?? 20_000,
    tolerated_ms: firm?.tolerated_ms ?? 5_000,
    wrap_up_ms: 0,
    internal_number: "",
    on_screen: true,
    sla_profile: "offered",
    recording: "by-hand",
  };
  return (
    <>
      <BackLink to="/servicos" label={text("page.queues")} />
      <PageHeader title={text("queue.new")} />
      <Panel title={text("queue.settings")}>
        <SettingsForm
          initial={initial}
          action={text("form.create")}
          save={(body, _, headers) => answerOf(api.POST("/v1/queues", { body: { ...body, agents: [] }, headers }))}
          onSaved={(done) => done && void navigate({ to: "/servicos/$queue", params: { queue: done.id } })}
        />
      </Panel>
    </>
  );
}

function Existing({ id }: { id: string }) {
  const text = useText();
  const navigate = useNavigate();
  const { data, error, refetch } = useQuery(queueOf(id));
  const params = { path: { queue_id: id } };
  return (
    <>
      <BackLink to="/servicos" label={text("page.queues")} />
      <PageHeader title={data?.name ?? text("page.queue")}>
        {data && (
          <>
            <Tone tone={data.active ? "ok" : "off"}>{text(data.active ? "state.active" : "state.inactive")}</Tone>
            {data.active ? (
              <CommandButton
                label={text("form.deactivate")}
                ask={text("queue.deactivate.ask")}
                send={(headers) => answerOf(api.POST("/v1/queues/{queue_id}/deactivate", { params, headers }))}
              />
            ) : (
              <>
                <CommandButton
                  label={text("form.activate")}
                  send={(headers) => answerOf(api.POST("/v1/queues/{queue_id}/activate", { params, headers }))}
                />
                <CommandButton
                  label={text("form.delete")}
                  ask={text("queue.delete.ask")}
                  isDanger
                  send={(headers) => answerOf(api.DELETE("/v1/queues/{queue_id}", { params, headers }))}
                  onSaved={() => void navigate({ to: "/servicos" })}
                />
              </>
            )}
          </>
        )}
      </PageHeader>
      {data ? (
        <div className={panels.column}>
          <Panel title={text("queue.settings")}>
            <SettingsForm
              id={id}
              initial={settingsOf(data)}
              current={async () => settingsOf((await refetch({ throwOnError: true })).data as Detail)}
              save={async ({ name, ...body }, before, headers) => {
                if (name !== before.name) {
                  const key = `${headers["Idempotency-Key"]}-name`;
                  const renamed = await answerOf(
                    api.POST("/v1/queues/{queue_id}/rename", {
                      params,
                      body: { name },
                      headers: { ...headers, "Idempotency-Key": key },
                    }),
                  );
                  if (SETTINGS.every((one) => body[one] === before[one])) return renamed;
                  headers["If-Match"] = `"${renamed.version}"`;
                }
                return answerOf(api.PATCH("/v1/queues/{queue_id}", { params, body, headers }));
              }}
            />
          </Panel>
          <Panel title={text("queue.agents")}>
            <AgentsForm queue={data} />
          </Panel>
        </div>
      ) : (
        <Pending error={error} retry={() => void refetch()} figures={1} />
      )}
    </>
  );
}

interface SettingsProps extends Omit<Parameters<typeof useServerForm<Settings>>[0], "validate"> {
  action?: string;
}

function SettingsForm({ action, ...options }: SettingsProps) {
  const text = useText();
  const server = useServerForm<Settings>({
    ...options,
    validate: ({ name, sla_target, internal_number }) => ({
      ...(!name.trim() && { name: text("form.required") }),
      ...(!(sla_target >= 0 && sla_target <= 100) && { sla_target: text("form.percent") }),
      ...(!/^([0-9]{3})?$/.test(internal_number) && { internal_number: text("queue.internal_number.wrong") }),
    }),
  });
  const { form } = server;
  return (
    <ServerFormView of={server} action={action}>
      <TextInput label={text("field.name")} description={text("queue.name.hint")} {...form.getInputProps("name")} />
      <ServiceLevelFields
        form={form}
        hints={{
          sla_target: text("queue.sla_target.hint"),
          sla_ms: text("queue.sla_ms.hint"),
          tolerated_ms: text("queue.tolerated_ms.hint"),
        }}
      />
      <SecondsInput
        label={text("field.wrap_up_ms")}
        description={text("queue.wrap_up_ms.hint")}
        {...form.getInputProps("wrap_up_ms")}
        value={form.values.wrap_up_ms}
      />
      <NativeSelect
        label={text("field.sla_profile")}
        description={text("queue.sla_profile.hint")}
        data={[...PROFILES]}
        {...form.getInputProps("sla_profile")}
      />
      <NativeSelect
        label={text("field.recording")}
        description={text("queue.recording.hint")}
        data={[
          { value: "by-hand", label: text("queue.recording.by-hand") },
          { value: "always", label: text("queue.recording.always") },
          { value: "never", label: text("queue.recording.never") },
        ]}
        {...form.getInputProps("recording")}
      />
      <TextInput
        label={text("field.internal_number")}
        description={text("queue.internal_number.hint")}
        inputMode="numeric"
        maxLength={3}
        {...form.getInputProps("internal_number")}
      />
      <Switch label={text("queue.on_screen")} {...form.getInputProps("on_screen", { type: "checkbox" })} />
    </ServerFormView>
  );
}

function AgentsForm({ queue }: { queue: Detail }) {
  const text = useText();
  const known = useQuery(agents).data ?? [];
  const client = useQuery(queueOf(queue.id));
  const server = useServerForm<{ agents: string[] }>({
    id: queue.id,
    initial: { agents: queue.agents },
    current: async () => ({ agents: (await client.refetch({ throwOnError: true })).data?.agents ?? [] }),
    save: (body, _, headers) =>
      answerOf(api.PUT("/v1/queues/{queue_id}/agents", { params: { path: { queue_id: queue.id } }, body, headers })),
  });
  return (
    <ServerFormView of={server}>
      <NamesField
        title={text("page.agents")}
        isTitled={false}
        hint={text("queue.agents.hint")}
        names={[...new Set([...known.map((agent) => agent.name), ...queue.agents])]}
        chosen={server.form.values.agents}
        choose={(chosen) => server.form.setFieldValue("agents", chosen)}
        none={text("form.nobody")}
      />
    </ServerFormView>
  );
}
