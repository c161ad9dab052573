import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { createFileRoute } from "@tanstack/react-router";
import { answerOf, api, type Schemas } from "../../api/client";
import { clockTime, count } from "../../figures/format";
import { LineageFoot, useLineage } from "../../figures/lineage";
import { useFilters } from "../../filters/useFilters";
import { useLanguage, useText } from "../../i18n";
import { useQuestion } from "../../time/useQuestion";
import { CsvAction } from "../../ui/Actions";
import { Allowed } from "../../ui/Allowed";
import { FilterBar } from "../../ui/FilterBar";
import { REPORTS } from "../../ui/menu";
import { PageHeader, Progress } from "../../ui/PageHeader";
import { Panel } from "../../ui/Panel";
import { Pending } from "../../ui/Pending";
import { Table } from "../../ui/Table";

export const Route = createFileRoute("/_shell/relatorio-agentes")({
  component: () => (
    <Allowed permission={REPORTS}>
      <AgentReport />
    </Allowed>
  ),
});

/** What each agent did in a period: calls, talk, pauses by reason. */
function AgentReport() {
  const text = useText();
  const { filters, dropped, change } = useFilters();
  const { by: _, ...question } = useQuestion(filters);
  const { data, error, refetch, isPlaceholderData } = useQuery({
    queryKey: ["/v1/reports/agents", question],
    queryFn: () => answerOf(api.GET("/v1/reports/agents", { params: { query: { ...question, by: "agent" } } })),
    placeholderData: keepPreviousData,
  });
  const lineage = useLineage(data);
  const query = new URLSearchParams({ by: "agent", format: "csv", as_of: String(question.as_of ?? data?.as_of) });
  for (const [key, value] of Object.entries(question))
    if (key !== "as_of") for (const one of [value].flat()) query.append(key, one);
  const files = data
    ? [
        {
          title: text("action.csv"),
          path: `/v1/reports/agents?${query}`,
          name: `agentes_${data.period.from?.slice(0, 10)}_posicao-${data.as_of}.csv`,
        },
      ]
    : [];
  return (
    <>
      <PageHeader title={text("page.agentReport")}>
        <CsvAction files={files} />
      </PageHeader>
      <FilterBar filters={filters} dropped={dropped} change={change} />
      <Progress on={isPlaceholderData} />
      {data && lineage ? (
        <>
          <Panel title={text("page.agents")}>
            <Rows rows={data.items} />
          </Panel>
          <LineageFoot lineage={lineage} />
        </>
      ) : (
        <Pending error={error} retry={() => void refetch()} figures={1} />
      )}
    </>
  );
}

type Row = Schemas["AgentRow"];

const TIMES = [
  ["talk_ms", "agentReport.talk"],
  ["hold_ms", "agentReport.hold"],
  ["wrap_up_ms", "agentReport.wrapUp"],
  ["logged_ms", "agentReport.logged"],
  ["paused_ms", "agentReport.paused"],
] as const;

function Rows({ rows }: { rows: readonly Row[] }) {
  const text = useText();
  const language = useLanguage();
  const reasons = [...new Set(rows.flatMap((row) => Object.keys(row.paused_by_reason_ms ?? {})))].sort((a, b) =>
    a.localeCompare(b),
  );
  return (
    <Table
      name={text("page.agentReport")}
      height={640}
      empty={text("agentReport.empty")}
      rows={rows}
      keyOf={(row) => row.agent ?? ""}
      columns={[
        { key: "agent", title: text("filters.agent"), isPinned: true, width: 180, cell: (row) => row.agent },
        {
          key: "answered",
          title: text("agentReport.answered"),
          isNumber: true,
          cell: (row) => count(row.answered, language),
        },
        {
          key: "ring_no_answer",
          title: text("agentReport.rona"),
          isNumber: true,
          cell: (row) => count(row.ring_no_answer, language),
        },
        ...TIMES.map(([key, title]) => ({
          key,
          title: text(title),
          isNumber: true,
          cell: (row: Row) => clockTime(row[key]),
        })),
        ...reasons.map((reason) => ({
          key: `pause-${reason}`,
          title: reason,
          isNumber: true,
          cell: (row: Row) => clockTime(row.paused_by_reason_ms?.[reason]),
        })),
      ]}
    />
  );
}
