import { useQuery } from "@tanstack/react-query";
import { createFileRoute } from "@tanstack/react-router";
import { answerOf, api, type Schemas } from "../../api/client";
import { clockTime, duration, instant } from "../../figures/format";
import { useFilters } from "../../filters/useFilters";
import { useText } from "../../i18n";
import { Allowed } from "../../ui/Allowed";
import { Attempt } from "../../ui/Attempt";
import { BackLink } from "../../ui/BackLink";
import { Quality, Status } from "../../ui/Badge";
import { Facts } from "../../ui/Facts";
import { REPORTS } from "../../ui/menu";
import { PageHeader } from "../../ui/PageHeader";
import { Panel } from "../../ui/Panel";
import { Parts } from "../../ui/Parts";
import { Pending } from "../../ui/Pending";
import { Proof } from "../../ui/Proof";
import { Recordings } from "../../ui/Recordings";
import styles from "../../ui/Story.module.css";
import { StoryEvents } from "../../ui/StoryEvents";

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
  const { em } = useFilters().filters;
  const params = { path: { interaction_id: interaction } };
  // A moment cuts the story; the call itself is known now or at a position.
  const position = em && /^\d+$/.test(em) ? em : undefined;
  const call = useQuery({
    queryKey: ["call", interaction, position],
    queryFn: () =>
      answerOf(api.GET("/v1/interactions/{interaction_id}", { params: { ...params, query: { as_of: position } } })),
  });
  const story = useQuery({
    queryKey: ["history", interaction, em],
    queryFn: () =>
      answerOf(api.GET("/v1/interactions/{interaction_id}/history", { params: { ...params, query: { as_of: em } } })),
  });
  const error = call.error ?? story.error;
  const title = call.data?.protocol ? `#${call.data.protocol}` : text("page.interaction");
  return (
    <>
      <BackLink to="/interacoes" label={text("call.back")} />
      <PageHeader title={title}>
        {call.data && <Status code={call.data.status} label={call.data.status_label} />}
        <Proof interaction={interaction} position={position} />
      </PageHeader>
      {call.data && story.data ? (
        <div className={styles.blocks}>
          <Summary call={call.data} />
          <Timeline call={call.data} />
          {call.data.attempt && <Attempt attempt={call.data.attempt} />}
          <Recordings interaction={interaction} isOpen={call.data.state === "open"} />
          <Panel title={text("call.events")}>
            <StoryEvents events={story.data.items} />
          </Panel>
        </div>
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
    <div className={styles.summary}>
      <Facts facts={facts} />
    </div>
  );
}

const between = (from: string, until: string | null | undefined) => (until ? Date.parse(until) - Date.parse(from) : 0);

type PartOfCall = readonly [kind: "ivr" | "dial" | "queue" | "talk" | "hold" | "wrap", ms: number, who: string];

/** The parts of a call, each as long as it lasted: the API's durations, one after the other. */
function partsOf({ attempt, visits, started_at }: Call): readonly PartOfCall[] {
  const first = visits[0];
  const before: readonly PartOfCall[] = attempt
    ? [["dial", between(attempt.dialled_at, attempt.answered_at ?? attempt.ended_at), ""], ...talkOf(attempt)]
    : [["ivr", first ? between(started_at, first.offered_at) : 0, ""]];
  const waited = visits.flatMap((visit): readonly PartOfCall[] => [
    ["queue", visit.wait_ms ?? 0, visit.queue],
    ...talkOf(visit),
  ]);
  return [...before, ...waited].filter(([, ms]) => ms > 0);
}

/** How long an agent talked with the customer, held the line and wrapped up. */
function talkOf(talk: Call["visits"][number] | NonNullable<Call["attempt"]>): readonly PartOfCall[] {
  const who = talk.agent ?? "";
  return [
    ["talk", talk.talk_ms ?? 0, who],
    ["hold", talk.hold_ms ?? 0, who],
    ["wrap", talk.wrap_up_ms ?? 0, who],
  ];
}

function Timeline({ call }: { call: Call }) {
  const text = useText();
  const parts = partsOf(call);
  if (parts.length === 0) return null;
  return (
    <Panel title={text("call.timeline")}>
      <Parts
        parts={parts.map(([kind, ms, who]) => ({
          kind,
          name: text(`call.${kind}`),
          size: ms,
          value: duration(ms),
          hint: who,
        }))}
      />
    </Panel>
  );
}
