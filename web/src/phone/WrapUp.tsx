import { Button, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { answerOf, api } from "../api/client";
import { useCommand } from "../api/commands";
import { tags } from "../api/queries";
import { useText } from "../i18n";
import { useErrorText } from "../ui/errorText";
import { REPORTS } from "../ui/menu";
import { saved } from "../ui/notify";
import { Panel } from "../ui/Panel";
import { usePermission } from "../ui/usePermission";
import styles from "./Phone.module.css";

/** What the agent writes down about a call, and its tag. isOver: the talk has ended, so the wrap-up can be finished. isAwaited: the PBX gives the agent no other call of the queue before. */
export function WrapUp({
  interaction,
  isOver,
  isAwaited,
  finished,
}: {
  interaction: string;
  isOver: boolean;
  isAwaited: boolean;
  finished: () => void;
}) {
  const text = useText();
  const said = useErrorText();
  const list = useId();
  const [tag, setTag] = useState("");
  const [note, setNote] = useState("");
  const isReader = usePermission(REPORTS);
  const known = useQuery({ ...tags, enabled: isReader }).data;
  const params = { path: { interaction_id: interaction } };
  const command = useCommand<"note" | "wrap-up">(
    async (what, headers) => {
      const key = headers["Idempotency-Key"];
      let done: Awaited<ReturnType<typeof write>> | undefined;
      const write = () =>
        answerOf(
          api.POST("/v1/interactions/{interaction_id}/note", {
            params,
            body: { note: note.trim() },
            headers: { "Idempotency-Key": `${key}-note` },
          }),
        );
      if (note.trim()) done = await write();
      // A PBX without wrap-up times waits for none: without a tag there is nothing more to say.
      if (what === "note" || (!tag && !isAwaited)) return done;
      return answerOf(api.POST("/v1/interactions/{interaction_id}/wrap-up", { params, body: { tag }, headers }));
    },
    (_, what) => {
      setNote("");
      if (what === "wrap-up") finished();
      saved(text("form.done", { what: text(what === "note" ? "attend.note" : "attend.finish") }));
    },
  );
  return (
    <Panel title={text("attend.wrapUp")}>
      <div className={styles.stack}>
        <Textarea
          label={text("attend.note")}
          autosize
          minRows={3}
          maxRows={12}
          maxLength={4_000}
          value={note}
          onChange={({ currentTarget }) => setNote(currentTarget.value)}
        />
        <TextInput
          label={text("attend.tag")}
          list={list}
          maxLength={100}
          value={tag}
          onChange={({ currentTarget }) => setTag(currentTarget.value)}
        />
        <datalist id={list}>
          {known?.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
        {command.error && (
          <p className={styles.problem} role="alert">
            {said(command.error)}
          </p>
        )}
        <div className={styles.buttons}>
          <Button size="sm" disabled={!isOver} loading={command.isPending} onClick={() => command.mutate("wrap-up")}>
            {text("attend.finish")}
          </Button>
          <Button
            size="sm"
            variant="default"
            disabled={!note.trim() || command.isPending}
            onClick={() => command.mutate("note")}
          >
            {text("attend.note.save")}
          </Button>
          {!isOver && <span className="hint">{text("attend.finish.hint")}</span>}
        </div>
      </div>
    </Panel>
  );
}
