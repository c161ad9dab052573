import type { ReactNode } from "react";
import { useText } from "../i18n";
import styles from "./Badge.module.css";

/** A state in a word, in the colour of its kind. */
export function Tone({ tone, children }: { tone: "ok" | "off" | "pause" | "danger" | "call"; children: ReactNode }) {
  return (
    <span className={styles.badge} data-tone={tone}>
      {children}
    </span>
  );
}

const STATUS: Record<string, string> = {
  answered: "ok",
  abandoned: "danger",
  "abandoned-in-ivr": "danger",
  "timed-out": "pause",
  "transferred-out": "call",
  "left-by-key": "call",
};

/** How a call ended, in the manual's word. */
export function Status({ code, label }: { code: string | null | undefined; label: string | null | undefined }) {
  return label ? (
    <span className={styles.badge} data-tone={STATUS[code ?? ""] ?? "off"}>
      {label}
    </span>
  ) : (
    <>–</>
  );
}

const BANDS: Record<string, string> = { high: "ok", medium: "pause", low: "danger" };

/** A band of the call's quality. */
export function Quality({ band, label }: { band: string | null | undefined; label: string | null | undefined }) {
  return label ? (
    <span className={styles.badge} data-tone={BANDS[band ?? ""] ?? "off"}>
      {label}
    </span>
  ) : (
    <>–</>
  );
}

const WEBHOOK = { active: "ok", paused: "pause", disabled: "danger" } as const;
const DELIVERY = { waiting: "pause", delivered: "ok", failed: "danger" } as const;

/** Whether a webhook posts. */
export function WebhookState({ status }: { status: keyof typeof WEBHOOK }) {
  const text = useText();
  return <Tone tone={WEBHOOK[status]}>{text(`state.webhook.${status}`)}</Tone>;
}

/** What became of a message of a webhook. */
export function DeliveryState({ status }: { status: keyof typeof DELIVERY }) {
  const text = useText();
  return <Tone tone={DELIVERY[status]}>{text(`state.delivery.${status}`)}</Tone>;
}
