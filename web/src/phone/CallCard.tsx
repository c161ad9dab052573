import { Button } from "@mantine/core";
import { Grid3x3, Mic, MicOff, Pause, Phone, PhoneForwarded, PhoneOff, Play } from "lucide-react";
import { useState } from "react";
import type { Schemas } from "../api/client";
import { useText } from "../i18n";
import { Elapsed } from "../live/Elapsed";
import { StateMark } from "../ui/StateMark";
import type { CallView } from "./call";
import { LevelMeter } from "./LevelMeter";
import styles from "./Phone.module.css";
import { softphone } from "./softphone";
import { TransferForm } from "./TransferForm";

/** What Atende knows of a call: its queue, the customer's number, the protocol and since when the customer has waited. */
export type KnownCall = Pick<
  Schemas["OngoingCall"],
  "queue" | "protocol" | "from_number" | "to_number" | "direction" | "since"
>;

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const ICON = { size: 16, "aria-hidden": true } as const;

/** One call of the phone, with what can be done with it. known: the queue's call; a call to ask somebody has none. */
export function CallCard({ call, known, own }: { call: CallView; known?: KnownCall; own: string }) {
  const text = useText();
  const number = (known && (known.direction === "outbound" ? known.to_number : known.from_number)) || call.number;
  return (
    <section className={styles.call} aria-label={text("attend.call.with", { number })} data-stage={call.stage}>
      <p className={styles.who}>
        <strong className="num">{number}</strong>
        {call.name && <span>{call.name}</span>}
        <span className={styles.state} role="status">
          <StateMark state={call.stage === "talking" ? (call.isHeld ? "paused" : "talking") : "ringing"} />
          {text(call.isHeld ? "state.onHold" : `state.call.${call.stage}`)}
        </span>
        {call.stage !== "ended" && <Elapsed since={new Date(call.since).toISOString()} />}
      </p>
      {known && (
        <dl className={styles.facts}>
          {known.queue && <Fact name={text("page.queue")} value={known.queue} />}
          {known.protocol !== null && <Fact name={text("ongoing.protocol")} value={String(known.protocol)} />}
          {call.stage === "ringing" && (
            <div>
              <dt>{text("attend.waits")}</dt>
              <dd>
                <Elapsed since={known.since} />
              </dd>
            </div>
          )}
        </dl>
      )}
      {call.stage === "ringing" && <Ringing call={call} />}
      {(call.stage === "talking" || call.stage === "dialling") && <Talking call={call} own={own} />}
    </section>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="num">{value}</dd>
    </div>
  );
}

function Ringing({ call }: { call: CallView }) {
  const text = useText();
  return (
    <div className={styles.buttons}>
      <Button leftSection={<Phone {...ICON} />} onClick={() => softphone.answer(call.id)}>
        {text("attend.answer")}
      </Button>
      <Button variant="default" leftSection={<PhoneOff {...ICON} />} onClick={() => softphone.hangUp(call.id)}>
        {text("attend.reject")}
      </Button>
    </div>
  );
}

function Talking({ call, own }: { call: CallView; own: string }) {
  const text = useText();
  const [shown, setShown] = useState<"keys" | "transfer" | null>(null);
  const toggle = (what: "keys" | "transfer") => setShown((now) => (now === what ? null : what));
  const isUp = call.stage === "talking";
  return (
    <>
      {isUp && (call.near || call.far) && (
        <div className={styles.meters}>
          {call.near && <LevelMeter name={text("attend.microphone")} stream={call.near} />}
          {call.far && <LevelMeter name={text("attend.far")} stream={call.far} />}
        </div>
      )}
      <div className={styles.buttons}>
        {isUp && (
          <>
            <Button
              variant="default"
              leftSection={call.isHeld ? <Play {...ICON} /> : <Pause {...ICON} />}
              onClick={() => void softphone.hold(call.id, !call.isHeld)}
            >
              {text(call.isHeld ? "attend.unhold" : "attend.hold")}
            </Button>
            <Button
              variant="default"
              aria-pressed={call.isMuted}
              leftSection={call.isMuted ? <MicOff {...ICON} /> : <Mic {...ICON} />}
              onClick={() => softphone.mute(call.id, !call.isMuted)}
            >
              {text(call.isMuted ? "attend.unmute" : "attend.mute")}
            </Button>
            <Button
              variant="default"
              aria-expanded={shown === "keys"}
              leftSection={<Grid3x3 {...ICON} />}
              onClick={() => toggle("keys")}
            >
              {text("attend.keys")}
            </Button>
            <Button
              variant="default"
              aria-expanded={shown === "transfer"}
              leftSection={<PhoneForwarded {...ICON} />}
              onClick={() => toggle("transfer")}
            >
              {text("attend.transfer")}
            </Button>
          </>
        )}
        <Button
          variant="default"
          c="var(--danger-text)"
          leftSection={<PhoneOff {...ICON} />}
          onClick={() => softphone.hangUp(call.id)}
        >
          {text("attend.hangUp")}
        </Button>
      </div>
      {isUp && shown === "keys" && (
        <fieldset className={`${styles.form} ${styles.keypad}`}>
          <legend className="visually-hidden">{text("attend.keys")}</legend>
          {KEYS.map((key) => (
            <button key={key} type="button" onClick={() => softphone.dial(call.id, key)}>
              {key}
            </button>
          ))}
        </fieldset>
      )}
      {isUp && shown === "transfer" && <TransferForm call={call.id} own={own} close={() => setShown(null)} />}
    </>
  );
}
