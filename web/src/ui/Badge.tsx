import styles from "./Badge.module.css";

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
