import { createFileRoute } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTimezone } from "../../api/queries";
import { Figure } from "../../figures/Figure";
import figures from "../../figures/Figure.module.css";
import { LineageFoot, useLineage } from "../../figures/lineage";
import { useFilters } from "../../filters/useFilters";
import { useText } from "../../i18n";
import { type Answer, useLive } from "../../live/useLive";
import { useQuestion, viewOf } from "../../time/useQuestion";
import { useTimeTravel } from "../../time/useTimeTravel";
import { LinkAction } from "../../ui/Actions";
import { AgentsNow } from "../../ui/AgentsNow";
import { Allowed } from "../../ui/Allowed";
import { Chart } from "../../ui/Chart";
import { FilterBar } from "../../ui/FilterBar";
import { MONITORING, REPORTS } from "../../ui/menu";
import { PageHeader, Progress } from "../../ui/PageHeader";
import { Pending } from "../../ui/Pending";
import { usePermission } from "../../ui/usePermission";

export const Route = createFileRoute("/_shell/outbound")({
  component: () => (
    <Allowed permission={REPORTS}>
      <Outbound />
    </Allowed>
  ),
});

/** C2: what agents dialled, and what came of it. */
function Outbound() {
  const text = useText();
  const { filters, dropped, change } = useFilters();
  const question = useQuestion(filters);
  const zone = useTimezone();
  const { answer, error, retry, isChanging, line } = useLive("/v1/dashboards/outbound", question);
  const time = useTimeTravel(filters, change, isChanging);
  return (
    <>
      <PageHeader title={text("page.outbound")} line={answer && line} moment={filters.em}>
        {time.button}
        <LinkAction filters={filters} position={answer?.as_of} zone={filters.fuso ?? zone} />
      </PageHeader>
      <FilterBar filters={filters} dropped={dropped} change={change} view={viewOf(answer?.period.by)} />
      <Progress on={isChanging} />
      {time.bar}
      {answer ? <Figures answer={answer} /> : <Pending error={error} retry={retry} figures={5} />}
    </>
  );
}

function Figures({ answer }: { answer: Answer<"/v1/dashboards/outbound"> }) {
  const text = useText();
  const mayWatch = usePermission(MONITORING);
  const lineage = useLineage(answer);
  const { totals, series } = answer;
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
  if (!lineage) return null;
  const of = { lineage, terms: totals.terms };
  return (
    <>
      <div className={figures.grid}>
        <Figure name="dialled" value={totals.dialled} {...of} />
        <Figure name="outbound_answered" value={totals.answered} {...of} />
        <Figure name="not_connected" value={totals.not_connected} {...of} />
        <Figure name="tmo_ms" value={totals.tmo_ms} {...of} />
        <Figure name="connect_percent" value={totals.connect_percent} {...of} />
      </div>
      <AgentsNow agents={answer.agents} mayOpen={mayWatch} />
      <Chart
        title={text("chart.dialledAnswered")}
        starts={series.map((row) => row.start)}
        by={answer.period.by ?? "hour"}
        series={drawn}
      />
      <LineageFoot lineage={lineage} />
    </>
  );
}
