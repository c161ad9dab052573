import { Button, NumberInput, Switch, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { answerOf, api } from "../api/client";
import { useText } from "../i18n";
import { useErrorText } from "./errorText";
import styles from "./Form.module.css";
import own from "./Ivr.module.css";
import type { IvrSettings } from "./IvrForm";

/** Try the flow as it is written now: at an instant, with some keys, and a queue as it might be. The server answers by the rules that calls follow. */
export function IvrDryRun({ id, values }: { id: string; values: IvrSettings }) {
  const text = useText();
  const said = useErrorText();
  const [at, setAt] = useState("");
  const [keys, setKeys] = useState("");
  const [waiting, setWaiting] = useState(0);
  const [isBlocked, setBlocked] = useState(false);
  const [isAnswered, setAnswered] = useState(true);
  const run = useMutation({
    mutationFn: () => {
      const { name: _, ...changes } = values;
      return answerOf(
        api.POST("/v1/ivrs/{ivr_id}/dry-run", {
          params: { path: { ivr_id: id } },
          body: {
            // What somebody writes is an instant by the clock of this machine.
            at: at ? new Date(at).toISOString() : null,
            keys: keys.split(/[\s,;]+/).filter(Boolean),
            waiting,
            is_blocked: isBlocked,
            is_answered: isAnswered,
            changes,
          },
        }),
      );
    },
  });
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        run.mutate();
      }}
    >
      <div className={styles.fields}>
        <TextInput
          type="datetime-local"
          label={text("phone.try.at")}
          description={text("phone.try.at.hint")}
          value={at}
          onChange={(event) => setAt(event.currentTarget.value)}
        />
        <TextInput
          label={text("phone.try.keys")}
          description={text("phone.try.keys.hint")}
          value={keys}
          onChange={(event) => setKeys(event.currentTarget.value)}
        />
        <NumberInput
          label={text("phone.try.waiting")}
          description={text("phone.try.waiting.hint")}
          min={0}
          max={1_000}
          value={waiting}
          onChange={(value) => setWaiting(Number(value) || 0)}
        />
        <Switch
          label={text("phone.try.answered")}
          checked={isAnswered}
          onChange={(event) => setAnswered(event.currentTarget.checked)}
        />
        <Switch
          label={text("phone.try.blocked")}
          checked={isBlocked}
          onChange={(event) => setBlocked(event.currentTarget.checked)}
        />
      </div>
      <div className={styles.buttons}>
        <Button type="submit" size="sm" variant="default" loading={run.isPending}>
          {text("phone.try")}
        </Button>
      </div>
      {run.error && (
        <p className={styles.problem} role="alert">
          {said(run.error)}
        </p>
      )}
      {run.data && (
        <ol className={own.steps} aria-label={text("phone.try.steps")}>
          {run.data.steps.map((step, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a step is known by its place
            <li key={index} data-end={step.kind === "hang-up" || step.kind === "callback" || undefined}>
              {step.keys !== null && (
                <p className="muted">
                  {step.keys ? text("phone.try.keyed", { keys: step.keys }) : text("phone.try.silent")}
                </p>
              )}
              <strong>{text(`ivr.step.${step.kind}`, { queue: step.queue })}</strong>
              {step.reason && <span className="muted"> · {text(`ivr.end.${step.reason}`)}</span>}
              {step.messages.length > 0 && (
                <p>“{step.messages.map((message) => message.file || message.text).join(" ")}”</p>
              )}
            </li>
          ))}
        </ol>
      )}
    </form>
  );
}
