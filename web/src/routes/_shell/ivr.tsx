import { createFileRoute } from "@tanstack/react-router";
import { useMemo } from "react";
import { Figure } from "../../figures/Figure";
import figures from "../../figures/Figure.module.css";
import { Gaps, useGaps } from "../../figures/gaps";
import type { FigureKey } from "../../figures/kinds";
import { KINDS } from "../../figures/kinds";
import type { Bounds } from "../../figures/limits";
import type { Lineage } from "../../figures/lineage";
import { callSearchOf } from "../../filters/calls";
import { useCallFilters } from "../../filters/useFilters";
import { type Key, useText } from "../../i18n";
import { type Answer, useLive } from "../../live/useLive";
import { csvOf, usePeriod } from "../../time/usePeriod";
import { type Previous, usePrevious } from "../../time/usePrevious";
import type { Question } from "../../time/useQuestion";
import { NowList } from "../../ui/AgentsNow";
import { Allowed } from "../../ui/Allowed";
import { Chart } from "../../ui/Chart";
import { Flow } from "../../ui/Flow";
import { IvrSelect } from "../../ui/IvrSelect";
import { REPORTS } from "../../ui/menu";
import { Panel } from "../../ui/Panel";
import panels from "../../ui/Panel.module.css";
import { PeriodPage } from "../../ui/PeriodPage";

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
  const shared = usePeriod();
  const { filters, change } = useCallFilters();
  const { ura } = filters;
  const question = useMemo(() => ({ ...shared.question, ...(ura.length && { ivr: ura }) }), [shared.question, ura]);
  const period = { ...shared, question };
  const loaded = useLive("/v1/dashboards/ivr", period.question);
  const previous = usePrevious("/v1/dashboards/ivr", period, loaded.answer !== undefined);
  const files = (answer: Answer<"/v1/dashboards/ivr">) => {
    const path = (by: string) => csvOf("/v1/reports/ivr", period.question, answer.as_of, { by });
    return [
      { title: text("action.csv.ivrs"), path: path("ivr"), name: "ivr_uras" },
      { title: text("action.csv.queues"), path: path("queue"), name: "ivr_servicos" },
      { title: text("action.csv.intervals"), path: path(answer.period.by ?? "hour"), name: "ivr_intervalos" },
    ];
  };
  return (
    <PeriodPage
      title={text("page.ivr")}
      period={period}
      loaded={loaded}
      cards={8}
      withView
      controls={<IvrSelect chosen={ura} choose={(some) => change({ ura: some })} />}
      others={callSearchOf(filters)}
      files={files}
    >
      {(answer, lineage) => (
        <Figures answer={answer} lineage={lineage} question={period.question} previous={previous} />
      )}
    </PeriodPage>
  );
}

type Totals = Answer<"/v1/dashboards/ivr">["totals"];

const ROWS: readonly (readonly FigureKey[])[] = [
  ["sla_percent", "abandoned_percent", "asa_ms", "msa_ms", "aht_ms", "mht_ms"],
  ["entered", "abandoned_in_ivr", "ivr_abandoned", "handled", "ivr_timed_out"],
];
/** The manual calls these figures otherwise in the columns of D2, which is the page's CSV. */
const CSV: Partial<Record<FigureKey, true>> = {
  sla_percent: true,
  abandoned_percent: true,
  aht_ms: true,
  entered: true,
  abandoned_in_ivr: true,
  ivr_abandoned: true,
  ivr_timed_out: true,
};
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
  lineage: Lineage;
  question: Question;
  previous: Previous<Totals> | null;
}

function Figures({ answer, lineage, question, previous }: Asked) {
  const text = useText();
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
  return (
    <>
      <Gaps gaps={gaps} />
      <NowList
        rows={AGENTS.map(([group, mark]) => ({
          key: group,
          mark,
          label: text(`ivr.${group}`),
          value: answer.agents[group],
        }))}
      />
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
              previous={previous}
              csv={name in CSV ? text(`csv.${name}` as Key) : undefined}
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
    </>
  );
}
