import { createFileRoute } from "@tanstack/react-router";
import { answerOf, api, type Schemas } from "../../api/client";
import { clockTime, count } from "../../figures/format";
import { limitsOf } from "../../figures/limits";
import { useLanguage, useText } from "../../i18n";
import { csvOf, usePeriod, useReport } from "../../time/usePeriod";
import { Allowed } from "../../ui/Allowed";
import { REPORTS } from "../../ui/menu";
import { Panel } from "../../ui/Panel";
import panels from "../../ui/Panel.module.css";
import { PeriodPage } from "../../ui/PeriodPage";
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
  const period = usePeriod();
  const { by: _, ...question } = period.question;
  const loaded = useReport(PATH, question, () =>
    answerOf(api.GET(PATH, { params: { query: { ...question, by: "agent" } } })),
  );
  return (
    <PeriodPage
      title={text("page.agentReport")}
      period={period}
      loaded={loaded}
      cards={1}
      files={(answer) => [
        { title: text("action.csv"), path: csvOf(PATH, question, answer.as_of, { by: "agent" }), name: "agentes" },
      ]}
    >
      {(answer) => (
        <Panel title={text("page.agents")}>
          {answer.items.some((row) => row.bounds) && (
            <div className={panels.hints}>
              <p className="hint">{text("agentReport.limits")}</p>
            </div>
          )}
          <Rows rows={answer.items} />
        </Panel>
      )}
    </PeriodPage>
  );
}

const PATH = "/v1/reports/agents";
type Row = Schemas["AgentRow"];

const TIMES = [
  ["talk_ms", "agentReport.talk"],
  ["outbound_ms", "agentReport.outboundTalk"],
  ["direct_ms", "agentReport.directCalls"],
  ["hold_ms", "agentReport.hold"],
  ["wrap_up_ms", "agentReport.wrapUp"],
  ["logged_ms", "agentReport.logged"],
  ["paused_ms", "agentReport.paused"],
] as const;

/** A time; both its limits if the end of a talk was not recorded. */
function time(row: Row, key: (typeof TIMES)[number][0]) {
  const limits = limitsOf(row.bounds, key);
  return limits ? limits.map(clockTime).join("–") : clockTime(row[key]);
}

function Rows({ rows }: { rows: readonly Row[] }) {
  const text = useText();
  const language = useLanguage();
  const reasons = [...new Set(rows.flatMap((row) => Object.keys(row.paused_by_reason_ms ?? {})))].sort((a, b) =>
    a.localeCompare(b),
  );
  return (
    <Table
      name={text("page.agentReport")}
      isMain
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
          key: "outbound_answered",
          title: text("agentReport.outboundAnswered"),
          isNumber: true,
          cell: (row) => count(row.outbound_answered, language),
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
          cell: (row: Row) => time(row, key),
        })),
        ...reasons.map((reason) => ({
          key: `pause-${reason}`,
          title: text("agentReport.pause", { reason: reason || "–" }),
          isNumber: true,
          cell: (row: Row) => clockTime(row.paused_by_reason_ms?.[reason]),
        })),
      ]}
    />
  );
}
