import { useQuery } from "@tanstack/react-query";
import { answerOf, api, type Schemas } from "../api/client";
import { useLanguage, useText } from "../i18n";
import { StateMark } from "../ui/StateMark";
import { count, instant } from "./format";
import styles from "./gaps.module.css";

export type Gap = Schemas["SourceGap"];

/** The part of a page's question that gaps depend on. */
interface Asked {
  queue?: readonly string[];
  from?: string;
  to?: string;
  as_of?: string;
  timezone?: string;
}

const NONE: readonly Gap[] = [];
const FRESH_MS = 60_000;

/** The gaps of the sources in a page's period; asked for only while a figure of the page has limits. */
export function useGaps({ queue, from, to, as_of, timezone }: Asked, isWanted: boolean): readonly Gap[] {
  const query = { ...(queue && { queue: [...queue] }), from, to, as_of, timezone };
  const { data } = useQuery({
    queryKey: ["gaps", query],
    queryFn: () => answerOf(api.GET("/v1/sources/gaps", { params: { query } })),
    enabled: isWanted,
    staleTime: as_of ? Number.POSITIVE_INFINITY : FRESH_MS,
  });
  return (isWanted && data?.items) || NONE;
}

/** Where a source was cut off: which, from when to when, why, how much may be missing, and what closes the gap. */
export function Gaps({ gaps }: { gaps: readonly Gap[] }) {
  const text = useText();
  if (gaps.length === 0) return null;
  return (
    <section className={styles.gaps} aria-label={text("gap.title")}>
      <StateMark state="paused" />
      <div>
        <ul>
          {gaps.map((gap) => (
            <GapLine key={gap.opened_at} gap={gap} />
          ))}
        </ul>
        <p>{text("gap.closed")}</p>
      </div>
    </section>
  );
}

function GapLine({ gap }: { gap: Gap }) {
  const text = useText();
  const language = useLanguage();
  const queues = gap.queues.map((one) => `${one.queue} ${count(one.missing_at_most, language)}`).join(", ");
  return (
    <li data-gap={gap.opened_at}>
      <strong>{gap.source_label}</strong> {spanOf(gap, text)} · {text(`gap.${gap.reason}`)} ·{" "}
      {text("figure.missing", { count: gap.missing_at_most })} ({text(`gap.${gap.basis}`)}
      {gap.basis === "queue-counters" && queues && `: ${queues}`})
    </li>
  );
}

/** From when to when the source was cut off, in the page's time zone. */
export function spanOf(gap: Gap, text: ReturnType<typeof useText>): string {
  const from = instant(gap.opened_at);
  if (!gap.closed_at) return text("gap.open", { from });
  const to = instant(gap.closed_at);
  return text("gap.span", { from, to: to.slice(0, 10) === from.slice(0, 10) ? to.slice(11) : to });
}

/** The intervals of a chart that a gap touches, by index: the band to draw. */
export function bandsOf(gaps: readonly Gap[], starts: readonly string[]): [number, number][] {
  const times = starts.map((start) => Date.parse(start));
  const bands = gaps.map((gap): [number, number] => {
    const opened = Date.parse(gap.opened_at);
    const closed = gap.closed_at ? Date.parse(gap.closed_at) : Number.POSITIVE_INFINITY;
    const first = times.findLastIndex((time) => time <= opened);
    const last = times.findLastIndex((time) => time <= closed);
    return [Math.max(first, 0), last];
  });
  return bands.filter(([first, last]) => last >= first);
}
