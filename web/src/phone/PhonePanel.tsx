import { Button, Checkbox, NativeSelect, TextInput } from "@mantine/core";
import { useEffect, useState } from "react";
import { answerOf, api } from "../api/client";
import { useText } from "../i18n";
import { CommandButton } from "../ui/CommandButton";
import { useErrorText } from "../ui/errorText";
import { Panel } from "../ui/Panel";
import { StateMark } from "../ui/StateMark";
import "../ui/forms.css";
import { LevelMeter } from "./LevelMeter";
import styles from "./Phone.module.css";
import { microphoneOf, prefer, usePreferences } from "./preferences";
import { softphone, useSoftphone } from "./softphone";

const HINTS = {
  insecure: "attend.phone.insecure",
  deaf: "attend.phone.deaf",
  waiting: "attend.phone.waiting",
} as const;

/** The telephone of an agent: this browser, switched on and off, or one of the agent's own. */
export function PhonePanel({ agent, interfaces }: { agent: string; interfaces: readonly string[] }) {
  const text = useText();
  const said = useErrorText();
  const { state, problem } = useSoftphone();
  const isOn = state !== "off" && state !== "lost";
  const other = interfaces[0] && !interfaces[0].startsWith("PJSIP/web_") ? interfaces[0] : "";
  return (
    <Panel
      title={text("attend.phone")}
      actions={
        <Button
          size="xs"
          variant={isOn ? "default" : "filled"}
          onClick={() => (isOn ? softphone.stop() : void softphone.start(agent))}
        >
          {text(isOn ? "attend.phone.off" : "attend.phone.on")}
        </Button>
      }
    >
      <div className={styles.stack}>
        <span className={styles.state} role="status" data-phone-state={state}>
          <StateMark state={state === "ready" ? "available" : isOn ? "paused" : "offline"} />
          {text(`state.phone.${state}`)}
        </span>
        {state in HINTS && <p className="hint">{text(HINTS[state as keyof typeof HINTS])}</p>}
        {state === "lost" && problem && (
          <p className={styles.problem} role="alert">
            {said(problem)}
          </p>
        )}
        {state === "off" && other && (
          <div className={styles.buttons}>
            <p className="hint">{text("attend.phone.other", { phone: other })}</p>
            <CommandButton
              label={text("attend.phone.release")}
              send={(headers) =>
                answerOf(api.DELETE("/v1/phone/interface", { params: { query: { agent, interface: other } }, headers }))
              }
            />
          </div>
        )}
        {!isOn && <OwnPhone agent={agent} />}
        <Devices />
      </div>
    </Panel>
  );
}

function OwnPhone({ agent }: { agent: string }) {
  const text = useText();
  const [phone, setPhone] = useState("");
  const body = { agent, interface: phone };
  return (
    <div className={styles.form}>
      <TextInput
        label={text("attend.phone.own")}
        placeholder="PJSIP/1001"
        value={phone}
        onChange={({ currentTarget }) => setPhone(currentTarget.value)}
      />
      <div className={styles.buttons}>
        <CommandButton
          label={text("attend.phone.use")}
          send={(headers) => answerOf(api.PUT("/v1/phone/interface", { body, headers }))}
        />
      </div>
    </div>
  );
}

/** Microphone and speaker, and what the microphone hears. */
function Devices() {
  const text = useText();
  const chosen = usePreferences();
  const [devices, setDevices] = useState<readonly MediaDeviceInfo[]>([]);
  const [heard, setHeard] = useState<MediaStream | null>(null);
  useEffect(() => {
    if (!navigator.mediaDevices) return;
    const look = () => void navigator.mediaDevices.enumerateDevices().then(setDevices);
    look();
    navigator.mediaDevices.addEventListener("devicechange", look);
    return () => navigator.mediaDevices.removeEventListener("devicechange", look);
  }, []);
  useEffect(() => () => heard?.getTracks().forEach((track) => void track.stop()), [heard]);
  const of = (kind: MediaDeviceKind) => [
    { value: "", label: text("attend.device.usual") },
    ...devices
      .filter((one) => one.kind === kind && one.deviceId && one.deviceId !== "default" && one.label)
      .map((one) => ({ value: one.deviceId, label: one.label })),
  ];
  if (!navigator.mediaDevices) return null;
  const test = () =>
    heard
      ? setHeard(null)
      : void navigator.mediaDevices
          .getUserMedia({ audio: microphoneOf(chosen) })
          .then(setHeard)
          .catch(() => undefined);
  return (
    <details>
      <summary>{text("attend.devices")}</summary>
      <div className={styles.devices}>
        <div className={styles.form}>
          <NativeSelect
            label={text("attend.microphone")}
            data={of("audioinput")}
            value={chosen.microphone}
            onChange={({ currentTarget }) => prefer({ microphone: currentTarget.value })}
          />
          <NativeSelect
            label={text("attend.speaker")}
            data={of("audiooutput")}
            value={chosen.speaker}
            onChange={({ currentTarget }) => prefer({ speaker: currentTarget.value })}
          />
        </div>
        <Checkbox
          label={text("attend.cleaned")}
          checked={chosen.isCleaned}
          onChange={({ currentTarget }) => prefer({ isCleaned: currentTarget.checked })}
        />
        <div className={styles.buttons}>
          <Button variant="default" size="xs" onClick={test}>
            {text(heard ? "attend.test.stop" : "attend.test")}
          </Button>
          {heard && <LevelMeter name={text("attend.microphone")} stream={heard} />}
        </div>
      </div>
    </details>
  );
}
