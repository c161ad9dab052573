import { useQuery } from "@tanstack/react-query";
import { createFileRoute } from "@tanstack/react-router";
import { useMemo } from "react";
import { company, queues as queuesQuery } from "../../api/queries";
import { Figure } from "../../figures/Figure";
import figures from "../../figures/Figure.module.css";
import { percent } from "../../figures/format";
import { Gaps, useGaps } from "../../figures/gaps";
import { type Bounds, keepsTarget, limitsOf } from "../../figures/limits";
import type { Lineage } from "../../figures/lineage";
import { useLanguage, useText } from "../../i18n";
import { type Answer, useLive } from "../../live/useLive";
import { csvOf, usePeriod } from "../../time/usePeriod";
import { type Previous, usePrevious } from "../../time/usePrevious";
import type { Question } from "../../time/useQuestion";
import { AgentsNow } from "../../ui/AgentsNow";
import { Allowed } from "../../ui/Allowed";
import { Chart } from "../../ui/Chart";
import { MONITORING, REPORTS } from "../../ui/menu";
import { Panel } from "../../ui/Panel";
import panels from "../../ui/Panel.module.css";
import { PeriodPage } from "../../ui/PeriodPage";
import { QueueTable } from "../../ui/QueueTable";
import { usePermission } from "../../ui/usePermission";

export const Route = createFileRoute("/_shell/inbound")({
  component: () => (
    <Allowed permission={REPORTS}>
      <Inbound />
    </Allowed>
  ),
});

const INBOUND = { tipo: "inbound" };

type Board = Answer<"/v1/dashboards/inbound">;

/** C1: what came in, how it was served, by interval and by queue. */
function Inbound() {
  const text = useText();
  const period = usePeriod();
  const { question } = period;
  const loaded = useLive("/v1/dashboards/inbound", question);
  const previous = usePrevious("/v1/dashboards/inbound", period, loaded.answer !== undefined);
  const files = (answer: Board) => {
    const path = (by: string) => csvOf("/v1/reports/queues", question, answer.as_of, { by });
    return [
      { title: text("action.csv.queues"), path: path("queue"), name: "inbound_servicos" },
      { title: text("action.csv.intervals"), path: path(answer.period.by ?? "hour"), name: "inbound_intervalos" },
    ];
  };
  return (
    <PeriodPage title={text("page.inbound")} period={period} loaded={loaded} cards={7} withView files={files}>
      {(answer, lineage) => <Figures answer={answer} lineage={lineage} question={question} previous={previous} />}
    </PeriodPage>
  );
}

interface Asked {
  answer: Board;
  lineage: Lineage;
  question: Question;
  previous: Previous<Board["totals"]> | null;
}

function Figures({ answer, lineage, question, previous }: Asked) {
  const text = useText();
  const language = useLanguage();
  const mayWatch = usePermission(MONITORING);
  const target = useTarget(answer);
  const charts = useMemo(() => chartsOf(answer, text), [answer, text]);
  const { totals, agents, series } = answer;
  const starts = useMemo(() => series.map((row) => row.start), [series]);
  const gaps = useGaps(question, totals.bounds != null);
  const bounds = totals.bounds as Bounds | null;
  const by = answer.period.by ?? "hour";
  const of = { bounds, lineage, terms: totals.terms, profile: totals.sla_profile, gaps, previous };
  const isKept = keepsTarget(totals.sla_percent, target, limitsOf(bounds, "sla_percent"));
  return (
    <>
      <Gaps gaps={gaps} />
      <div className={figures.grid}>
        <Figure
          name="sla_percent"
          value={totals.sla_percent}
          {...of}
          keeps={isKept}
          note={target === undefined ? undefined : text("figure.target", { target: percent(target, language) })}
        />
        <Figure name="offered" value={totals.offered} {...of} />
        <Figure name="answered" value={totals.answered} {...of} />
        <Figure
          name="abandoned"
          value={totals.abandoned}
          {...of}
          note={text("figure.ofOffered", { percent: percent(totals.abandoned_percent, language) })}
        />
        <Figure name="timed_out" value={totals.timed_out} {...of} />
        <Figure name="aht_ms" value={totals.aht_ms} {...of} />
        <Figure name="asa_ms" value={totals.asa_ms} {...of} />
      </div>
      <AgentsNow agents={agents} mayOpen={mayWatch} />
      <div className={panels.two}>
        <Chart
          title={text("chart.callsAndSla")}
          starts={starts}
          by={by}
          series={charts.callsAndSla}
          target={target}
          gaps={gaps}
          calls={INBOUND}
        />
        <Chart
          title={text("chart.offeredAnswered")}
          starts={starts}
          by={by}
          series={charts.offeredAnswered}
          gaps={gaps}
          calls={INBOUND}
        />
      </div>
      <Panel title={text("queues.title")}>
        <QueueTable rows={answer.queues} />
      </Panel>
    </>
  );
}

/** The company's target, if no queue is chosen or the answer's only queue has none of its own. */
function useTarget(answer: Board): number | undefined {
  const all = useQuery(queuesQuery).data;
  const firm = useQuery(company).data;
  const only = answer.queues.length === 1 ? all?.find((queue) => queue.name === answer.queues[0]?.queue) : undefined;
  return only?.sla_target ?? firm?.sla_target ?? undefined;
}

function chartsOf({ series }: Board, text: ReturnType<typeof useText>) {
  const limits = (key: string) => series.map((row) => limitsOf(row.bounds, key));
  const offered = {
    name: text("figure.offered"),
    kind: "count",
    colour: 1,
    values: series.map((row) => row.offered),
    limits: limits("offered"),
  } as const;
  const answered = {
    name: text("figure.answered"),
    kind: "count",
    colour: 3,
    values: series.map((row) => row.answered),
    limits: limits("answered"),
  } as const;
  const sla = {
    name: text("figure.sla_percent"),
    kind: "percent",
    colour: 2,
    values: series.map((row) => row.sla_percent),
    limits: limits("sla_percent"),
  } as const;
  return { callsAndSla: [offered, sla], offeredAnswered: [offered, answered] };
}
