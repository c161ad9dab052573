import { createFileRoute } from "@tanstack/react-router";
import { useMemo } from "react";
import { Figure } from "../../figures/Figure";
import figures from "../../figures/Figure.module.css";
import { count } from "../../figures/format";
import type { Lineage } from "../../figures/lineage";
import { useLanguage, useText } from "../../i18n";
import { type Answer, useLive } from "../../live/useLive";
import { csvOf, usePeriod } from "../../time/usePeriod";
import { type Previous, usePrevious } from "../../time/usePrevious";
import { AgentsNow } from "../../ui/AgentsNow";
import { Allowed } from "../../ui/Allowed";
import { Chart } from "../../ui/Chart";
import { Flow } from "../../ui/Flow";
import { MONITORING, REPORTS } from "../../ui/menu";
import { OutboundTable } from "../../ui/OutboundTable";
import { Panel } from "../../ui/Panel";
import panels from "../../ui/Panel.module.css";
import { PeriodPage } from "../../ui/PeriodPage";
import { usePermission } from "../../ui/usePermission";

export const Route = createFileRoute("/_shell/outbound")({
  component: () => (
    <Allowed permission={REPORTS}>
      <Outbound />
    </Allowed>
  ),
});

const OUTBOUND = { tipo: "outbound" };
/** What may have become of the dialled; together they are all of them. */
const OUTCOMES = [
  ["answered", "figure.outbound_answered"],
  ["not_connected", "figure.not_connected"],
  ["dialling", "figure.dialling"],
] as const;

type Board = Answer<"/v1/dashboards/outbound">;

/** C2: what agents dialled, and what came of it. */
function Outbound() {
  const text = useText();
  const period = usePeriod();
  const loaded = useLive("/v1/dashboards/outbound", period.question);
  const previous = usePrevious("/v1/dashboards/outbound", period, loaded.answer !== undefined);
  const files = (answer: Board) => {
    const path = (by: string) => csvOf("/v1/reports/outbound", period.question, answer.as_of, { by });
    return [
      { title: text("action.csv.queues"), path: path("queue"), name: "outbound_servicos" },
      { title: text("action.csv.intervals"), path: path(answer.period.by ?? "hour"), name: "outbound_intervalos" },
    ];
  };
  return (
    <PeriodPage title={text("page.outbound")} period={period} loaded={loaded} cards={5} withView files={files}>
      {(answer, lineage) => <Figures answer={answer} lineage={lineage} previous={previous} />}
    </PeriodPage>
  );
}

interface Asked {
  answer: Board;
  lineage: Lineage;
  previous: Previous<Board["totals"]> | null;
}

function Figures({ answer, lineage, previous }: Asked) {
  const text = useText();
  const mayWatch = usePermission(MONITORING);
  const language = useLanguage();
  const { totals, series } = answer;
  const counted = { connected: count(totals.connected, language), dialled: count(totals.dialled, language) };
  const drawn = useMemo(
    () =>
      [
        { name: text("figure.dialled"), kind: "count", colour: 1, values: series.map((row) => row.dialled) },
        { name: text("figure.outbound_answered"), kind: "count", colour: 3, values: series.map((row) => row.answered) },
        {
          name: text("figure.connect_percent"),
          kind: "percent",
          colour: 2,
          values: series.map((row) => row.connect_percent),
        },
      ] as const,
    [series, text],
  );
  const of = { lineage, terms: totals.terms, previous };
  return (
    <>
      <div className={figures.grid}>
        <Figure name="dialled" value={totals.dialled} {...of} />
        <Figure name="outbound_answered" value={totals.answered} {...of} />
        <Figure name="not_connected" value={totals.not_connected} {...of} />
        <Figure name="outbound_aht_ms" value={totals.aht_ms} {...of} />
        <Figure name="connect_percent" value={totals.connect_percent} {...of} />
      </div>
      <AgentsNow agents={answer.agents} mayOpen={mayWatch} />
      <div className={panels.two} data-first="wide">
        <Chart
          title={text("chart.dialledAnswered")}
          starts={series.map((row) => row.start)}
          by={answer.period.by ?? "hour"}
          series={drawn}
          calls={OUTBOUND}
        />
        <Panel title={text("outbound.outcome")}>
          <Flow
            whole={{ name: text("figure.dialled"), value: totals.dialled }}
            parts={OUTCOMES.map(([key, name]) => ({ key, name: text(name), value: totals[key] }))}
          />
          <div className={panels.hints}>
            <p className="hint">{text("outbound.sum")}</p>
            <p className="hint">{text("outbound.connected", counted)}</p>
          </div>
        </Panel>
      </div>
      <Panel title={text("outbound.byQueue")}>
        <OutboundTable rows={answer.queues} />
      </Panel>
    </>
  );
}
