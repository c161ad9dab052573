import { NativeSelect, TextInput } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { createFileRoute, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { answerOf, api, type Schemas } from "../../api/client";
import { agents, me, userOf } from "../../api/queries";
import { useText } from "../../i18n";
import { Allowed } from "../../ui/Allowed";
import { BackLink } from "../../ui/BackLink";
import { Tone } from "../../ui/Badge";
import { CommandButton } from "../../ui/CommandButton";
import { NamesField } from "../../ui/Fields";
import { USERS } from "../../ui/menu";
import { OneTime } from "../../ui/OneTime";
import { PageHeader } from "../../ui/PageHeader";
import { Panel } from "../../ui/Panel";
import panels from "../../ui/Panel.module.css";
import { Pending } from "../../ui/Pending";
import { PermissionChoices } from "../../ui/PermissionChoices";
import { levelsFor, mayManage } from "../../ui/rights";
import { ServerFormView } from "../../ui/ServerFormView";
import { useServerForm } from "../../ui/useServerForm";

export const Route = createFileRoute("/_shell/usuarios/$user")({
  component: () => (
    <Allowed permission={USERS}>
      <UserPage />
    </Allowed>
  ),
});

type Detail = Schemas["UserDetail"];

const EMAIL = /^[^@\s]+@[^@\s]+\.[^@\s]+$/;

/** One user: who it is, what they may do, which agents they are, and whether they may sign in. */
function UserPage() {
  const { user } = Route.useParams();
  return user === "novo" ? <New /> : <Existing id={user} key={user} />;
}

function linkOf(token: unknown): string {
  return `${location.origin}/first-access#${token}`;
}

/** The levels as choices, in words. */
function choices(levels: readonly Detail["level"][], text: ReturnType<typeof useText>) {
  return levels.map((value) => ({ value, label: text(`level.${value}`) }));
}

function New() {
  const text = useText();
  const navigate = useNavigate();
  const self = useSuspenseQuery(me).data;
  const [made, setMade] = useState<{ id: string; link: string } | null>(null);
  const server = useServerForm({
    initial: { name: "", email: "", level: "user" as Detail["level"], permissions: [] as string[] },
    validate: ({ name, email }) => ({
      ...(!name.trim() && { name: text("form.required") }),
      ...(!EMAIL.test(email.trim()) && { email: text("user.email.wrong") }),
    }),
    save: (body, _, headers) =>
      answerOf(api.POST("/v1/users", { body: { ...body, permissions: body.permissions as never }, headers })),
    onSaved: (done) => done && setMade({ id: done.id, link: done.result.token ? linkOf(done.result.token) : "" }),
  });
  const { form } = server;
  const open = () => made && void navigate({ to: "/usuarios/$user", params: { user: made.id } });
  return (
    <>
      <BackLink to="/usuarios" label={text("page.users")} />
      <PageHeader title={text("user.new")} />
      <Panel title={text("user.data")}>
        <ServerFormView of={server} action={text("form.create")}>
          <TextInput label={text("field.name")} autoComplete="off" {...form.getInputProps("name")} />
          <TextInput label={text("enter.email")} type="email" autoComplete="off" {...form.getInputProps("email")} />
          <NativeSelect
            label={text("field.level")}
            description={text("user.level.hint")}
            data={choices(levelsFor(self.level), text)}
            {...form.getInputProps("level")}
          />
          <PermissionChoices
            mine={self.permissions}
            chosen={form.values.permissions}
            choose={(permissions) => form.setFieldValue("permissions", permissions)}
          />
        </ServerFormView>
      </Panel>
      <OneTime title={text("user.link")} hint={text("user.link.hint")} secret={made?.link ?? ""} close={() => open()} />
    </>
  );
}

function Existing({ id }: { id: string }) {
  const text = useText();
  const self = useSuspenseQuery(me).data;
  const [link, setLink] = useState("");
  const { data, error, refetch } = useQuery(userOf(id));
  const params = { path: { user_id: id } };
  const isSelf = self.id === id;
  const may = data && mayManage(self, data);
  return (
    <>
      <BackLink to="/usuarios" label={text("page.users")} />
      <PageHeader title={data?.name ?? text("page.user")}>
        {data && (
          <>
            <Tone tone={data.active ? "ok" : "off"}>{text(data.active ? "state.active" : "state.inactive")}</Tone>
            {data.active && (isSelf || may) && (
              <CommandButton
                label={text("user.link.issue")}
                ask={text("user.link.ask")}
                send={(headers) =>
                  answerOf(api.POST("/v1/users/password-link", { body: { email: data.email }, headers }))
                }
                onSaved={(done) => setLink(done?.result.token ? linkOf(done.result.token) : "")}
              />
            )}
            {may &&
              (data.active ? (
                <CommandButton
                  label={text("form.deactivate")}
                  ask={text("user.deactivate.ask")}
                  send={(headers) => answerOf(api.POST("/v1/users/{user_id}/deactivate", { params, headers }))}
                />
              ) : (
                <CommandButton
                  label={text("form.activate")}
                  send={(headers) => answerOf(api.POST("/v1/users/{user_id}/activate", { params, headers }))}
                />
              ))}
          </>
        )}
      </PageHeader>
      {data ? (
        <div className={panels.column}>
          {!may && <p className="hint">{text(isSelf ? "user.self" : "user.above")}</p>}
          <Panel title={text("user.data")}>
            <DataForm user={data} isReadOnly={!may && !isSelf} />
          </Panel>
          <Panel title={text("user.rights")}>
            <RightsForm user={data} isReadOnly={!may} />
          </Panel>
          <Panel title={text("user.agents")}>
            <AgentsForm user={id} />
          </Panel>
        </div>
      ) : (
        <Pending error={error} retry={() => void refetch()} figures={1} />
      )}
      <OneTime title={text("user.link")} hint={text("user.link.hint")} secret={link} close={() => setLink("")} />
    </>
  );
}

function DataForm({ user, isReadOnly }: { user: Detail; isReadOnly: boolean }) {
  const text = useText();
  const { refetch } = useQuery(userOf(user.id));
  const dataOf = ({ name, email }: Detail) => ({ name, email });
  const server = useServerForm({
    id: user.id,
    initial: dataOf(user),
    current: async () => dataOf((await refetch({ throwOnError: true })).data as Detail),
    validate: ({ name, email }) => ({
      ...(!name.trim() && { name: text("form.required") }),
      ...(!EMAIL.test(email.trim()) && { email: text("user.email.wrong") }),
    }),
    save: (body, _, headers) =>
      answerOf(api.PATCH("/v1/users/{user_id}", { params: { path: { user_id: user.id } }, body, headers })),
  });
  return (
    <ServerFormView of={server} isReadOnly={isReadOnly}>
      <TextInput label={text("field.name")} autoComplete="off" {...server.form.getInputProps("name")} />
      <TextInput
        label={text("enter.email")}
        description={text("user.email.hint")}
        type="email"
        autoComplete="off"
        {...server.form.getInputProps("email")}
      />
    </ServerFormView>
  );
}

function RightsForm({ user, isReadOnly }: { user: Detail; isReadOnly: boolean }) {
  const text = useText();
  const self = useSuspenseQuery(me).data;
  const { refetch } = useQuery(userOf(user.id));
  const rightsOf = ({ level, permissions }: Detail) => ({ level, permissions });
  const server = useServerForm({
    id: user.id,
    initial: rightsOf(user),
    current: async () => rightsOf((await refetch({ throwOnError: true })).data as Detail),
    save: ({ level, permissions }, _, headers) =>
      answerOf(
        api.PUT("/v1/users/{user_id}/permissions", {
          params: { path: { user_id: user.id } },
          body: { level, permissions: permissions as never },
          headers,
        }),
      ),
  });
  const { form } = server;
  return (
    <ServerFormView of={server} isReadOnly={isReadOnly}>
      <NativeSelect
        label={text("field.level")}
        description={text("user.level.hint")}
        data={choices(isReadOnly ? [user.level] : levelsFor(self.level), text)}
        {...form.getInputProps("level")}
      />
      <PermissionChoices
        mine={self.permissions}
        chosen={form.values.permissions}
        choose={(permissions) => form.setFieldValue("permissions", permissions)}
      />
    </ServerFormView>
  );
}

/** Which agents of the sources this user is. An agent belongs to one user at most. */
function AgentsForm({ user }: { user: string }) {
  const text = useText();
  const { data: known, refetch } = useQuery(agents);
  if (!known) return null;
  const of = (all: readonly Schemas["AgentDetail"][]) => ({
    agents: all.filter((agent) => agent.user_id === user).map((agent) => agent.name),
  });
  return (
    <AgentsOf
      initial={of(known)}
      current={async () => of((await refetch({ throwOnError: true })).data ?? [])}
      known={known.filter((agent) => agent.user_id === null || agent.user_id === user)}
      user={user}
      none={text("form.nobody")}
    />
  );
}

function AgentsOf({
  initial,
  current,
  known,
  user,
  none,
}: {
  initial: { agents: string[] };
  current: () => Promise<{ agents: string[] }>;
  known: readonly Schemas["AgentDetail"][];
  user: string;
  none: string;
}) {
  const text = useText();
  const server = useServerForm({
    initial,
    current,
    save: async (values, before, headers) => {
      const changed = known.filter(({ name }) => values.agents.includes(name) !== before.agents.includes(name));
      let done: Schemas["Receipt"] | undefined;
      for (const agent of changed)
        done = await answerOf(
          api.PUT("/v1/agents/{agent_id}/user", {
            params: { path: { agent_id: agent.id } },
            body: { user_id: values.agents.includes(agent.name) ? user : null },
            headers: { "Idempotency-Key": `${headers["Idempotency-Key"]}-${agent.id}` },
          }),
        );
      return done;
    },
  });
  return (
    <ServerFormView of={server}>
      <NamesField
        title={text("page.agents")}
        isTitled={false}
        hint={text("user.agents.hint")}
        names={known.map((agent) => agent.name)}
        chosen={server.form.values.agents}
        choose={(chosen) => server.form.setFieldValue("agents", chosen)}
        none={none}
      />
    </ServerFormView>
  );
}
