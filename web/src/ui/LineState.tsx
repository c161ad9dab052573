import { useTimezone } from "../api/queries";
import { instant as shownInstant } from "../figures/format";
import { useText } from "../i18n";
import type { Line } from "../live/useLive";
import { instantOf, written } from "../time/moments";
import styles from "./LineState.module.css";

/** Whether what the page shows is current. moment: the instant or the position that a page of the past is about. */
export function LineState({ line, moment }: { line: Line; moment: string }) {
  const text = useText();
  const zone = useTimezone();
  const time =
    line.sign && line.state !== "live"
      ? new Intl.DateTimeFormat("pt-BR", { timeStyle: "medium", timeZone: zone }).format(line.sign)
      : "";
  const instant = instantOf(moment, zone);
  const fixed =
    instant === null ? text("line.position", { position: Number(moment) }) : shownInstant(written(instant, zone));
  return (
    <span role="status" className={styles.line} data-state={line.state}>
      <span className={styles.mark} aria-hidden />
      {line.state === "past" ? text("line.past", { moment: fixed }) : text(`line.${line.state}`, { time })}
    </span>
  );
}
