import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { answerOf, api } from "../api/client";
import { count, instant } from "../figures/format";
import { useLanguage, useText } from "../i18n";
import { InfoPopover } from "./InfoPopover";
import styles from "./Proof.module.css";
import { StateMark } from "./StateMark";

const AGAIN_MS = 1_000;

/** Whether a call and the log behind it are what was written. A long log is checked part by part, until the whole is proved. */
export function Proof({ interaction, position }: { interaction: string; position?: string }) {
  const text = useText();
  const language = useLanguage();
  const [isOpen, setOpen] = useState(false);
  const { data } = useQuery({
    queryKey: ["proof", interaction, position],
    queryFn: () =>
      answerOf(
        api.GET("/v1/interactions/{interaction_id}/proof", {
          params: { path: { interaction_id: interaction }, query: { as_of: position ? Number(position) : undefined } },
        }),
      ),
    refetchInterval: (query) => (query.state.data?.log.verdict === "unfinished" ? AGAIN_MS : false),
  });
  if (!data) return null;
  const { events, log } = data;
  const broken = events.first_broken ?? log.first_broken;
  const verdict = broken == null ? log.verdict : "broken";
  const at = (number: number) => count(number, language);
  return (
    <span className={styles.proof} data-verdict={verdict} data-broken={broken ?? undefined} role="status">
      <StateMark state={verdict === "broken" ? "breach" : verdict === "intact" ? "ok" : "paused"} />
      {text(`proof.${verdict}`, { position: at(broken ?? log.checked_to) })}
      <InfoPopover
        button={text("proof.title")}
        title={text("proof.title")}
        width={320}
        position="bottom-end"
        isOpen={isOpen}
        setOpen={setOpen}
      >
        <div className={styles.why}>
          <p>
            {text(`proof.events.${events.verdict}`, {
              count: events.checked,
              position: at(events.first_broken ?? 0),
            })}
          </p>
          <p>{text(`proof.${log.verdict}`, { position: at(log.first_broken ?? log.checked_to) })}</p>
          <p className="hint">{text("proof.how", { time: instant(log.checked_at) })}</p>
        </div>
      </InfoPopover>
    </span>
  );
}
