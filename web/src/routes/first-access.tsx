import { Button, PasswordInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { createFileRoute, Link, useLocation } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { ApiError, api } from "../api/client";
import { passwordRules } from "../api/queries";
import { session } from "../api/session";
import { useText } from "../i18n";
import { Brand } from "../ui/Brand";
import { useErrorText } from "../ui/errorText";
import { PasswordRules } from "../ui/PasswordRules";
import { Preferences } from "../ui/Preferences";
import styles from "../ui/SignIn.module.css";

export const Route = createFileRoute("/first-access")({
  // Known before anything is asked: that nobody is signed in clears what was asked before.
  beforeLoad: () => session.start(),
  component: FirstAccess,
});

/** Where the link of `atende admin` and of the page of a user leads: a password is set, once. The link's token is in the fragment, which no server sees. */
function FirstAccess() {
  const text = useText();
  const said = useErrorText();
  const token = useLocation({ select: (location) => location.hash });
  const rules = useQuery(passwordRules).data;
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [isDone, setDone] = useState(false);
  const send = async (event: FormEvent) => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setProblem("");
    try {
      await api.POST("/v1/auth/password", { body: { token, password } });
      setDone(true);
    } catch (error) {
      const isWeak = error instanceof ApiError && error.status === 422;
      setProblem(isWeak ? text("first.weak") : said(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <main className={styles.page}>
      <title>{`${text("first.title")} · Atende`}</title>
      <div className={styles.card}>
        <div className={styles.head}>
          <Brand />
          <h1>{text("first.title")}</h1>
          <p className="muted">{text(isDone ? "first.done" : "first.lead")}</p>
        </div>
        {isDone ? (
          <Button renderRoot={(props) => <Link {...props} to="/entrar" search={{}} />} fullWidth>
            {text("enter.send")}
          </Button>
        ) : (
          <form className={styles.form} onSubmit={send}>
            <PasswordInput
              label={text("first.password")}
              autoComplete="new-password"
              required
              autoFocus
              withAsterisk={false}
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
              visibilityToggleButtonProps={{ "aria-label": text("first.password.show") }}
            />
            {rules && <PasswordRules rules={rules} password={password} />}
            <p className={styles.problem} role="alert">
              {token ? problem : text("error.link-used")}
            </p>
            <Button type="submit" loading={isBusy} disabled={!token} fullWidth>
              {text("first.send")}
            </Button>
          </form>
        )}
        <Preferences />
      </div>
    </main>
  );
}
