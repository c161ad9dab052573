import { useQuery } from "@tanstack/react-query";
import { createFileRoute, Link } from "@tanstack/react-router";
import { ChevronLeft } from "lucide-react";
import { answerOf, api, type Schemas } from "../../api/client";
import { clockTime, duration, instant } from "../../figures/format";
import { useText } from "../../i18n";
import { Allowed } from "../../ui/Allowed";
import { Quality, Status } from "../../ui/Badge";
import { REPORTS } from "../../ui/menu";
import { PageHeader } from "../../ui/PageHeader";
import { Panel } from "../../ui/Panel";
import { Pending } from "../../ui/Pending";
import styles from "../../ui/Story.module.css";

export const Route = createFileRoute("/_shell/interacoes/$interaction")({
  component: () => (
    <Allowed permission={REPORTS}>
      <Interaction />
    </Allowed>
  ),
});

type Call = Schemas["InteractionDetail"];

/** One call: what it was, its parts in time, and every event of it with its author and its cause. */
function Interaction() {
  const text = useText();
  const { interaction } = Route.useParams();
  const params = { path: { interaction_id: interaction } };
  const call = useQuery({
    queryKey: ["call", interaction],
    queryFn: () => answerOf(api.GET("/v1/interactions/{interaction_id}", { params })),
  });
  const story = useQuery({
    queryKey: ["history", interaction],
    queryFn: () => answerOf(api.GET("/v1/interactions/{interaction_id}/history", { params })),
  });
  const error = call.error ?? story.error;
  const title = call.data?.protocol ? `#${call.data.protocol}` : text("page.interaction");
  return (
    <>
      <Link to="/interacoes" className={styles.back}>
        <ChevronLeft size={15} aria-hidden />
        {text("call.back")}
      </Link>
      <PageHeader title={title}>
        {call.data && <Status code={call.data.status} label={call.data.status_label} />}
      </PageHeader>
      {call.data && story.data ? (
        <>
          <Summary call={call.data} />
          <Parts call={call.data} />
          <Panel title={text("call.events")}>
            <ol className={styles.events}>
              {story.data.items.map((event) => (
                <Event key={event.position} event={event} />
              ))}
            </ol>
          </Panel>
        </>
      ) : (
        <Pending error={error} retry={() => void Promise.all([call.refetch(), story.refetch()])} figures={5} />
      )}
    </>
  );
}

function Summary({ call }: { call: Call }) {
  const text = useText();
  const facts = [
    [text("calls.date"), instant(call.started_at)],
    [text("calls.duration"), clockTime(call.duration_ms)],
    [text("calls.type"), call.direction_label],
    [text("calls.from"), call.from_number],
    [text("calls.to"), call.to_number],
    [text("calls.contact"), call.contact],
    [text("calls.queues"), call.queues.join(", ")],
    [text("calls.agents"), call.agents.join(", ")],
    [text("calls.tag"), call.tags.join(", ")],
    [
      text("calls.quality"),
      call.quality ? <Quality key="quality" band={call.quality} label={call.quality_label} /> : "",
    ],
  ] as const;
  return (
    <dl className={styles.facts}>
      {facts.map(([term, fact]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd className="num">{fact || "–"}</dd>
        </div>
      ))}
    </dl>
  );
}

interface Part {
  kind: "ivr" | "queue" | "talk" | "wrap";
  ms: number;
  who: string;
}

/** The parts of a call, each as long as it lasted: the API's durations, one after the other. */
function partsOf(call: Call): Part[] {
  const first = call.visits[0];
  const before = first ? Date.parse(first.offered_at) - Date.parse(call.started_at) : 0;
  const parts: Part[] = before > 0 ? [{ kind: "ivr", ms: before, who: "" }] : [];
  for (const visit of call.visits) {
    parts.push({ kind: "queue", ms: visit.wait_ms ?? 0, who: visit.queue });
    parts.push({ kind: "talk", ms: (visit.talk_ms ?? 0) + (visit.hold_ms ?? 0), who: visit.agent });
    parts.push({ kind: "wrap", ms: visit.wrap_up_ms ?? 0, who: visit.agent });
  }
  return parts.filter((part) => part.ms > 0);
}

function Parts({ call }: { call: Call }) {
  const text = useText();
  const parts = partsOf(call);
  if (parts.length === 0) return null;
  return (
    <Panel title={text("call.timeline")}>
      <div className={styles.bar} aria-hidden>
        {parts.map((part, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: parts have no other name than their place
          <span key={index} data-kind={part.kind} style={{ flexGrow: part.ms }} />
        ))}
      </div>
      <ul className={styles.parts}>
        {parts.map((part, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: parts have no other name than their place
          <li key={index}>
            <span className={styles.key} data-kind={part.kind} aria-hidden />
            {text(`call.${part.kind}`)} {part.who && <span className="muted">{part.who}</span>}{" "}
            <strong className="num">{duration(part.ms)}</strong>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Event({ event }: { event: Schemas["HistoryEvent"] }) {
  const text = useText();
  return (
    <li data-event={event.event}>
      <time className="num" dateTime={event.occurred_at} title={instant(event.occurred_at)}>
        {event.occurred_at.slice(11, 23)}
      </time>
      <span className={styles.what}>{event.event.replace(/^interaction\./, "").replaceAll(/[_-]/g, " ")}</span>
      <span className={styles.why}>
        {event.actor} · {event.cause} · {text("line.position", { position: event.position })}
      </span>
      <details>
        <summary>{text("call.data")}</summary>
        <pre>{JSON.stringify(event.content, null, 2)}</pre>
      </details>
    </li>
  );
}
