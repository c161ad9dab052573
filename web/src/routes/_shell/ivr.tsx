import { createFileRoute } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTimezone } from "../../api/queries";
import { type Bounds, Figure } from "../../figures/Figure";
import figures from "../../figures/Figure.module.css";
import { count } from "../../figures/format";
import { Gaps, useGaps } from "../../figures/gaps";
import type { FigureKey } from "../../figures/kinds";
import { KINDS } from "../../figures/kinds";
import { LineageFoot, useLineage } from "../../figures/lineage";
import { useFilters } from "../../filters/useFilters";
import { type Key, useLanguage, useText } from "../../i18n";
import { type Answer, useLive } from "../../live/useLive";
import { useQuestion, viewOf } from "../../time/useQuestion";
import { useTimeTravel } from "../../time/useTimeTravel";
import { LinkAction } from "../../ui/Actions";
import { Allowed } from "../../ui/Allowed";
import { Chart } from "../../ui/Chart";
import { FilterBar } from "../../ui/FilterBar";
import { Flow } from "../../ui/Flow";
import { REPORTS } from "../../ui/menu";
import { PageHeader, Progress } from "../../ui/PageHeader";
import { Panel } from "../../ui/Panel";
import panels from "../../ui/Panel.module.css";
import { Pending } from "../../ui/Pending";
import { type Mark, StateMark } from "../../ui/StateMark";

export const Route = createFileRoute("/_shell/ivr")({
  component: () => (
    <Allowed permission={REPORTS}>
      <Ivr />
    </Allowed>
  ),
});

/** C4: calls through the IVRs and the queues behind them, in the manual's words. */
function Ivr() {
  const text = useText();
  const { filters, dropped, change } = useFilters();
  const question = useQuestion(filters);
  const zone = useTimezone();
  const { answer, error, retry, isChanging, line } = useLive("/v1/dashboards/ivr", question);
  const time = useTimeTravel(filters, change, isChanging);
  return (
    <>
      <PageHeader title={text("page.ivr")} line={answer && line} moment={filters.em}>
        {time.button}
        <LinkAction filters={filters} position={answer?.as_of} zone={filters.fuso ?? zone} />
      </PageHeader>
      <FilterBar filters={filters} dropped={dropped} change={change} view={viewOf(answer?.period.by)} />
      <Progress on={isChanging} />
      {time.bar}
      {answer ? (
        <Figures answer={answer} question={question} />
      ) : (
        <Pending error={error} retry={retry} figures={8} />
      )}
    </>
  );
}

type Totals = Answer<"/v1/dashboards/ivr">["totals"];

const ROWS: readonly (readonly FigureKey[])[] = [
  ["sla_percent", "abandoned_percent", "asa_ms", "msa_ms", "aht_ms", "mht_ms"],
  ["entered", "abandoned_in_ivr", "ivr_abandoned", "handled", "ivr_timed_out"],
];
const AGENTS = [
  ["logged", "ringing"],
  ["available", "available"],
  ["paused", "paused"],
  ["talking", "talking"],
] as const;
const OUTCOMES = [
  "led_to_queue",
  "out_of_hours",
  "abandoned_in_ivr",
  "ended_in_ivr",
  "blacklisted",
  "unknown_in_ivr",
  "in_ivr",
] as const;

interface Asked {
  answer: Answer<"/v1/dashboards/ivr">;
  question: ReturnType<typeof useQuestion>;
}

function Figures({ answer, question }: Asked) {
  const text = useText();
  const language = useLanguage();
  const lineage = useLineage(answer);
  const { totals, series } = answer;
  const gaps = useGaps(question, totals.bounds != null);
  const starts = useMemo(() => series.map((row) => row.start), [series]);
  const drawn = useMemo(
    () =>
      [
        { name: text("flow.entered"), kind: "count", colour: 1, values: series.map((row) => row.entered) },
        {
          name: text("flow.abandoned_in_ivr"),
          kind: "count",
          colour: 4,
          values: series.map((row) => row.abandoned_in_ivr),
        },
      ] as const,
    [series, text],
  );
  if (!lineage) return null;
  return (
    <>
      <Gaps gaps={gaps} />
      <ul className={figures.now}>
        {AGENTS.map(([group, mark]) => (
          <li key={group}>
            <StateMark state={mark as Mark} />
            {text(`ivr.${group}`)}
            <strong className="num">{count(answer.agents[group], language)}</strong>
          </li>
        ))}
      </ul>
      {ROWS.map((row) => (
        <div className={figures.grid} key={row[0]}>
          {row.map((name) => (
            <Figure
              key={name}
              name={name}
              value={totals[KINDS[name].field as keyof Totals] as number | null}
              bounds={totals.bounds as Bounds | null}
              lineage={lineage}
              gaps={gaps}
              terms={totals.terms}
              profile={totals.sla_profile}
            />
          ))}
        </div>
      ))}
      <div className={panels.two}>
        <Chart
          title={text("chart.ivrCalls")}
          starts={starts}
          by={answer.period.by ?? "hour"}
          series={drawn}
          gaps={gaps}
        />
        <Panel title={text("chart.ivrFlow")}>
          <Flow
            whole={{ name: text("flow.entered"), value: totals.entered }}
            parts={OUTCOMES.map((key) => ({ key, name: text(`flow.${key}` as Key), value: totals[key] }))}
          />
        </Panel>
      </div>
      <LineageFoot lineage={lineage} coveredTo={totals.covered_to} />
    </>
  );
}
