import { ActionIcon, Button, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import { answerOf, api } from "../api/client";
import { useCommand } from "../api/commands";
import { blockedCallersOf } from "../api/queries";
import { useText } from "../i18n";
import { useErrorText } from "./errorText";
import styles from "./Form.module.css";
import { Pending } from "./Pending";

/** The numbers whose calls an IVR turns away. */
export function IvrBlacklist({ id }: { id: string }) {
  const text = useText();
  const said = useErrorText();
  const [number, setNumber] = useState("");
  const { data, error, refetch } = useQuery(blockedCallersOf(id));
  const params = { path: { ivr_id: id } };
  const block = useCommand<string>(
    (value, headers) =>
      answerOf(api.POST("/v1/ivrs/{ivr_id}/blocked-callers", { params, body: { phone: value }, headers })),
    () => setNumber(""),
  );
  const unblock = useCommand<string>((contact, headers) =>
    answerOf(api.POST("/v1/ivrs/{ivr_id}/unblock-caller", { params, body: { contact_id: contact }, headers })),
  );
  if (!data) return <Pending error={error} retry={() => void refetch()} figures={1} />;
  const problem = block.error ?? unblock.error;
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (number.trim()) block.mutate(number.trim());
      }}
    >
      {data.items.length === 0 && <p className="muted">{text("phone.blacklist.none")}</p>}
      <ul className={styles.chips} hidden={data.items.length === 0}>
        {data.items.map((caller) => (
          <li key={caller.contact_id}>
            <span className="num">{caller.phone}</span>
            <ActionIcon
              variant="subtle"
              size={28}
              aria-label={text("phone.blacklist.remove", { number: caller.phone })}
              onClick={() => unblock.mutate(caller.contact_id)}
            >
              <Trash2 size={14} aria-hidden />
            </ActionIcon>
          </li>
        ))}
      </ul>
      <p className="hint">{text("phone.blacklist.hint")}</p>
      <div className={styles.buttons} style={{ alignItems: "flex-end" }}>
        <TextInput
          label={text("phone.blacklist.number")}
          inputMode="tel"
          value={number}
          onChange={(event) => setNumber(event.currentTarget.value)}
        />
        <Button type="submit" size="sm" variant="default" loading={block.isPending} disabled={!number.trim()}>
          {text("phone.blacklist.add")}
        </Button>
      </div>
      {problem && (
        <p className={styles.problem} role="alert">
          {said(problem)}
        </p>
      )}
    </form>
  );
}
