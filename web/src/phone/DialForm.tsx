import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { answerOf, api } from "../api/client";
import { useCommand } from "../api/commands";
import { queues } from "../api/queries";
import { useText } from "../i18n";
import { useErrorText } from "../ui/errorText";
import { Panel } from "../ui/Panel";
import styles from "./Phone.module.css";
import { targetOfNumber } from "./targets";

interface Wish {
  agent: string;
  to_number: string;
  queue: string;
}

/** Calls somebody on a queue's line: the agent's own phone is connected first. */
export function DialForm({ agent }: { agent: string }) {
  const text = useText();
  const said = useErrorText();
  const places = (useQuery(queues).data ?? []).filter((one) => one.active);
  const [written, setWritten] = useState("");
  const [queue, setQueue] = useState("");
  const [isWrong, setWrong] = useState(false);
  const command = useCommand<Wish>((body, headers) => answerOf(api.POST("/v1/calls", { body, headers })));
  return (
    <Panel title={text("attend.dial")}>
      <form
        className={styles.form}
        aria-label={text("attend.dial")}
        onSubmit={(event) => {
          event.preventDefault();
          const number = targetOfNumber(written);
          setWrong(number === null);
          if (number) command.mutate({ agent, to_number: number, queue: queue || (places[0]?.name ?? "") });
        }}
      >
        <TextInput
          label={text("attend.number")}
          inputMode="tel"
          maxLength={24}
          value={written}
          error={isWrong ? text("attend.number.wrong") : command.error ? said(command.error) : undefined}
          onChange={({ currentTarget }) => setWritten(currentTarget.value)}
        />
        <NativeSelect
          label={text("page.queue")}
          data={places.map(({ name }) => name)}
          value={queue}
          onChange={({ currentTarget }) => setQueue(currentTarget.value)}
        />
        <div className={styles.buttons}>
          <Button type="submit" variant="default" size="sm" loading={command.isPending}>
            {text("attend.dial.now")}
          </Button>
        </div>
      </form>
    </Panel>
  );
}
