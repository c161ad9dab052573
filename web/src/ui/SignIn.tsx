import { Button, PasswordInput, TextInput } from "@mantine/core";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { session } from "../api/session";
import { useText } from "../i18n";
import styles from "./SignIn.module.css";

/** The form of a sign-in. known: the e-mail of the user whose session has ended, who needs to enter the password alone. */
export function SignIn({ known, entered }: { known?: string; entered: () => void }) {
  const text = useText();
  const [problem, setProblem] = useState("");
  const [wait, setWait] = useState(0);
  const [busy, setBusy] = useState(false);
  const [asksCompany, setAsksCompany] = useState(false);
  const password = useRef<HTMLInputElement>(null);

  useEffect(() => {
    if (wait <= 0) return;
    const timer = setTimeout(() => setWait(wait - 1), 1000);
    return () => clearTimeout(timer);
  }, [wait]);

  async function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setProblem("");
    try {
      const refusal = await session.enter(
        known ?? String(form.get("email")),
        String(form.get("password")),
        String(form.get("company") ?? ""),
      );
      if (!refusal) return entered();
      if (refusal.status === 429) setWait(Number(refusal.headers.get("retry-after") ?? 5));
      else setProblem(text(refusal.status === 401 || refusal.status === 422 ? "enter.wrong" : "enter.away"));
      password.current?.select();
    } catch {
      setProblem(text("enter.away"));
    } finally {
      setBusy(false);
    }
  }

  return (
    <form className={styles.form} onSubmit={send}>
      {!known && (
        <TextInput
          name="email"
          type="email"
          label={text("enter.email")}
          autoComplete="username"
          required
          autoFocus
          withAsterisk={false}
        />
      )}
      <PasswordInput
        ref={password}
        name="password"
        label={text("enter.password")}
        autoComplete="current-password"
        required
        withAsterisk={false}
        data-autofocus
        visibilityToggleButtonProps={{ "aria-label": text("enter.password") }}
      />
      {asksCompany && (
        <TextInput
          name="company"
          label={text("enter.company")}
          description={text("enter.company.hint")}
          autoComplete="organization"
        />
      )}
      <p className={styles.problem} role="alert">
        {wait > 0 ? text("enter.wait", { seconds: wait }) : problem}
      </p>
      <Button type="submit" loading={busy} disabled={wait > 0} fullWidth>
        {text("enter.send")}
      </Button>
      {!known && !asksCompany && (
        <button type="button" className={styles.link} onClick={() => setAsksCompany(true)}>
          {text("enter.company.ask")}
        </button>
      )}
    </form>
  );
}
