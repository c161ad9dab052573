import type { Schemas } from "../api/client";
import { decimal, duration, instant, timeOfDay } from "../figures/format";
import { type Key, useLanguage, useText } from "../i18n";
import styles from "./Story.module.css";

type Recorded = Schemas["HistoryEvent"];

/** What a source reported, as the API shows it: only what is known is there. */
interface Fact {
  kind: string;
  queue?: string;
  agent?: string;
  text?: string;
  by?: string;
  private?: unknown;
  wait_ms?: number;
  wrap_ms?: number;
}

const LATE_MS = 1_000;

/** One event of a call: what happened in words, when, by whom and why; its raw content on demand. */
export function StoryEvent({ event }: { event: Recorded }) {
  const text = useText();
  const language = useLanguage();
  const facts = (event.content.facts as Fact[] | undefined) ?? [];
  const isLate = Date.parse(event.recorded_at) - Date.parse(event.occurred_at) > LATE_MS;
  const actor = event.actor_name || ACTORS[event.actor];
  return (
    <li data-event={event.event} data-position={event.position}>
      <time className="num" dateTime={event.occurred_at} title={instant(event.occurred_at)}>
        {timeOfDay(event.occurred_at)}
      </time>
      <span className={styles.what}>
        {kindsOf(event)
          .map((kind) => text(kind))
          .join(", ")}{" "}
        <span className="muted">{detailOf(facts, text, language)}</span>
      </span>
      <span className={styles.why}>
        {actor ? (actor.startsWith("actor.") ? text(actor as Key) : actor) : event.actor} · {event.cause} ·{" "}
        {text("call.position", { position: event.position })}
        {isLate && ` · ${text("call.recorded", { time: instant(event.recorded_at) })}`}
      </span>
      <details>
        <summary>{text("call.data")}</summary>
        <pre>{JSON.stringify(event.content, null, 2)}</pre>
      </details>
    </li>
  );
}

const ACTORS: Readonly<Record<string, Key>> = { simulator: "actor.simulator", operator: "actor.operator" };

/** What happened, as keys of texts. Several facts at once have no name of their own: each is named. */
export function kindsOf(event: Recorded): Key[] {
  const facts = (event.content.facts as Fact[] | undefined) ?? [];
  if (event.event !== "interaction.observed" || facts.length === 0) return [`event.${event.event}` as Key];
  return [...new Set(facts.map((fact) => `event.interaction.${fact.kind}` as Key))];
}

function detailOf(facts: readonly Fact[], text: ReturnType<typeof useText>, language: string): string {
  const parts = facts.flatMap((fact) => {
    const number = typeof fact.private === "string" ? fact.private : "";
    if (fact.kind === "arrived") return [text("call.from", { from: number || "–", to: fact.text ?? "–" })];
    if (fact.kind === "quality") {
      const [jitter = "", loss = ""] = (fact.text ?? "").split(";");
      return [
        fact.agent,
        fact.by === "downlink" && text("call.downlink"),
        fact.by === "uplink" && text("call.uplink"),
        text("call.measured", { jitter: decimal(jitter, language), loss: decimal(loss, language) }),
      ];
    }
    if (fact.kind === "supervised") {
      return [fact.by, text(`supervision.did.${fact.text}` as Key), fact.agent];
    }
    return [
      fact.queue,
      fact.agent,
      fact.text,
      number,
      fact.wait_ms === undefined ? "" : text("call.wait", { time: duration(fact.wait_ms) }),
      fact.wrap_ms === undefined ? "" : duration(fact.wrap_ms),
    ];
  });
  return [...new Set(parts.filter(Boolean))].join(" · ");
}
