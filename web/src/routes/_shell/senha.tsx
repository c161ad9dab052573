import { PasswordInput } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { createFileRoute, useNavigate } from "@tanstack/react-router";
import { answerOf, api } from "../../api/client";
import { company, me, passwordRules } from "../../api/queries";
import { session } from "../../api/session";
import { useText } from "../../i18n";
import { PageHeader } from "../../ui/PageHeader";
import { Panel } from "../../ui/Panel";
import { PasswordRules } from "../../ui/PasswordRules";
import { ServerFormView } from "../../ui/ServerFormView";
import { useServerForm } from "../../ui/useServerForm";

export const Route = createFileRoute("/_shell/senha")({ component: OwnPassword });

/** The password of whoever is signed in. All their other devices are signed out by the change; this one goes on. */
function OwnPassword() {
  const text = useText();
  const navigate = useNavigate();
  const user = useSuspenseQuery(me).data;
  const firm = useSuspenseQuery(company).data;
  const rules = useQuery(passwordRules).data;
  const server = useServerForm({
    initial: { current: "", password: "" },
    validate: ({ current, password }) => ({
      ...(!current && { current: text("form.required") }),
      ...(!password && { password: text("form.required") }),
    }),
    save: async (body) => {
      await answerOf(api.POST("/v1/auth/own-password", { body }));
      // Every session has ended, this one too: a new one begins before anything else is asked.
      await session.enter(user.email, body.password, firm.name);
      return undefined;
    },
    onSaved: () => void navigate({ to: "/" }),
  });
  const { form } = server;
  const shown = { "aria-label": text("first.password.show") };
  return (
    <>
      <PageHeader title={text("password.title")} />
      <Panel title={user.email}>
        <ServerFormView of={server} action={text("password.change")}>
          <p className="hint">{text("password.hint")}</p>
          <input type="email" autoComplete="username" value={user.email} readOnly hidden />
          <PasswordInput
            label={text("password.current")}
            autoComplete="current-password"
            visibilityToggleButtonProps={shown}
            {...form.getInputProps("current")}
          />
          <PasswordInput
            label={text("first.password")}
            autoComplete="new-password"
            visibilityToggleButtonProps={shown}
            {...form.getInputProps("password")}
          />
          {rules && <PasswordRules rules={rules} password={form.values.password} />}
        </ServerFormView>
      </Panel>
    </>
  );
}
