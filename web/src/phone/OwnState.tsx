import { Button, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { answerOf, api, type Schemas } from "../api/client";
import { type Headers, useCommand } from "../api/commands";
import { queues } from "../api/queries";
import { useText } from "../i18n";
import { Elapsed } from "../live/Elapsed";
import { CommandButton } from "../ui/CommandButton";
import { useErrorText } from "../ui/errorText";
import { Panel } from "../ui/Panel";
import { StateMark } from "../ui/StateMark";
import styles from "./Phone.module.css";

/** An agent whose page is gone is logged out after this time. */
const LEASE_MS = 120_000;

/** Suggested, and recorded as they are: the company's reports name one reason of a pause, whatever the language of the agent's console is. */
const USUAL_REASONS = ["Almoço", "Banheiro", "Café", "Reunião", "Treinamento"];

type State = Schemas["AgentState"];

/** The agent's own state: in which queues, and the pause with its reason. hasPhone: the browser is the telephone, so its end ends the session. */
export function OwnState({ agent, state, hasPhone }: { agent: string; state?: State; hasPhone: boolean }) {
  const text = useText();
  const isIn = state !== undefined && state.state !== "offline";
  const places = useQuery(queues).data ?? [];
  const mine = places.filter((one) => one.active && (one.agents.includes(agent) || isInQueue(state, one.name)));
  // Of an agent to whom no queue was given, every queue can be chosen.
  const shown = mine.length > 0 ? mine : places.filter((one) => one.active);
  const logIn = (names: string[]) => (headers: Headers) =>
    answerOf(
      api.POST("/v1/agents/log-in", {
        body: { agent, queues: names, ...(hasPhone && { lease_ms: LEASE_MS }) },
        headers,
      }),
    );
  const logOut = (names: string[]) => (headers: Headers) =>
    answerOf(api.POST("/v1/agents/log-out", { body: { agent, queues: names }, headers }));
  return (
    <Panel title={text("attend.state")}>
      <div className={styles.stack}>
        <span className={styles.state} role="status">
          <StateMark state={state?.state ?? "offline"} />
          <strong>{state?.state_label ?? text("state.offline")}</strong>
          {state?.reason && <span>{state.reason}</span>}
          {state?.since && <Elapsed since={state.since} />}
        </span>
        {isIn && (state.state === "paused" || state.reason ? <Resume agent={agent} /> : <Pausing agent={agent} />)}
        <ul className={styles.queues} aria-label={text("page.queues")}>
          {shown.map(({ name }) => (
            <li key={name}>
              <span>{name}</span>
              {isInQueue(state, name) ? (
                <CommandButton
                  label={text("attend.out")}
                  name={text("attend.leave", { queue: name })}
                  send={logOut([name])}
                />
              ) : (
                <CommandButton
                  label={text("attend.in")}
                  name={text("attend.enter", { queue: name })}
                  send={logIn([name])}
                />
              )}
            </li>
          ))}
        </ul>
        <div className={styles.buttons}>
          {shown.length > 1 && !isIn && (
            <CommandButton label={text("attend.enterAll")} send={logIn(shown.map(({ name }) => name))} />
          )}
          {isIn && <CommandButton label={text("attend.leaveAll")} send={logOut([])} />}
        </div>
      </div>
    </Panel>
  );
}

function isInQueue(state: State | undefined, queue: string): boolean {
  return (
    state !== undefined && state.state !== "offline" && (state.queues.includes(queue) || state.queues.includes(""))
  );
}

function Resume({ agent }: { agent: string }) {
  const text = useText();
  return (
    <div className={styles.buttons}>
      <CommandButton
        label={text("attend.resume")}
        send={(headers) => answerOf(api.POST("/v1/agents/resume", { body: { agent }, headers }))}
      />
    </div>
  );
}

function Pausing({ agent }: { agent: string }) {
  const text = useText();
  const said = useErrorText();
  const list = useId();
  const [reason, setReason] = useState("");
  const command = useCommand<string>(
    (why, headers) => answerOf(api.POST("/v1/agents/pause", { body: { agent, reason: why }, headers })),
    () => setReason(""),
  );
  return (
    <form
      className={styles.form}
      aria-label={text("attend.pause")}
      onSubmit={(event) => {
        event.preventDefault();
        if (reason.trim()) command.mutate(reason.trim());
      }}
    >
      <TextInput
        label={text("attend.reason")}
        list={list}
        maxLength={100}
        value={reason}
        error={command.error ? said(command.error) : undefined}
        onChange={({ currentTarget }) => setReason(currentTarget.value)}
      />
      <datalist id={list}>
        {USUAL_REASONS.map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
      <div className={styles.buttons}>
        <Button type="submit" variant="default" size="sm" loading={command.isPending} disabled={!reason.trim()}>
          {text("attend.pause")}
        </Button>
      </div>
    </form>
  );
}
