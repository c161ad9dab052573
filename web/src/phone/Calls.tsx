import { Button } from "@mantine/core";
import { useState } from "react";
import { useText } from "../i18n";
import { Panel } from "../ui/Panel";
import { CallCard, type KnownCall } from "./CallCard";
import styles from "./Phone.module.css";
import type { Refusal } from "./refer";
import { refusalIn } from "./refusals";
import { softphone, useSoftphone } from "./softphone";

/** The calls of this phone: that with a customer, and one with somebody who is asked meanwhile. */
export function Calls({ known, own }: { known?: KnownCall; own: string }) {
  const text = useText();
  const { calls, isConference } = useSoftphone();
  const [refused, setRefused] = useState<Refusal | null>(null);
  const held = calls.find((call) => call.isHeld);
  const asked = calls.find((call) => call !== held && call.stage === "talking");
  return (
    <Panel title={text("attend.calls")}>
      {calls.length === 0 && <p className={`muted ${styles.none}`}>{text("attend.noCall")}</p>}
      {calls.map((call, index) => (
        <CallCard key={call.id} call={call} known={index === 0 ? known : undefined} own={own} />
      ))}
      {held && asked && (
        <div className={styles.buttons} style={{ marginTop: 12 }}>
          <Button onClick={() => void softphone.join(held.id, asked.id).then(setRefused)}>{text("attend.join")}</Button>
          <Button variant="default" onClick={() => void softphone.confer()}>
            {text("attend.confer")}
          </Button>
        </div>
      )}
      {isConference && <p role="status">{text("attend.conference")}</p>}
      {refused && calls.length > 1 && (
        <p className={styles.problem} role="alert">
          {refusalIn(text, refused)}
        </p>
      )}
    </Panel>
  );
}
