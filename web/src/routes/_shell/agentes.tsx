import { createFileRoute } from "@tanstack/react-router";
import { useMemo } from "react";
import { Gaps, useGaps } from "../../figures/gaps";
import { LineageFoot, useLineage } from "../../figures/lineage";
import { useFilters } from "../../filters/useFilters";
import { useText } from "../../i18n";
import { Elapsed } from "../../live/Elapsed";
import { type Answer, useLive } from "../../live/useLive";
import { useTimeTravel } from "../../time/useTimeTravel";
import { AgentColumn } from "../../ui/AgentColumn";
import board from "../../ui/AgentColumn.module.css";
import { Allowed } from "../../ui/Allowed";
import { CallsTable } from "../../ui/CallsTable";
import { FilterBar } from "../../ui/FilterBar";
import { MONITORING } from "../../ui/menu";
import { PageHeader, Progress } from "../../ui/PageHeader";
import { Panel } from "../../ui/Panel";
import { Pending } from "../../ui/Pending";
import { StateMark } from "../../ui/StateMark";
import { WaitingTable } from "../../ui/WaitingTable";

export const Route = createFileRoute("/_shell/agentes")({
  component: () => (
    <Allowed permission={MONITORING}>
      <Agents />
    </Allowed>
  ),
});

type Board = Answer<"/v1/monitoring">;

/** B2: every agent by state, in the API's order, who waits in the queues, and the calls that go on. */
function Agents() {
  const text = useText();
  const { filters, dropped, change } = useFilters();
  const question = useMemo(
    () => ({ queue: filters.servico, agent: filters.agente, ...(filters.em && { as_of: filters.em }) }),
    [filters],
  );
  const { answer, error, retry, isChanging, line } = useLive("/v1/monitoring", question);
  const gaps = useGaps(question, answer !== undefined);
  const time = useTimeTravel(filters, change, isChanging);
  // What is past or late runs no further than its last sign of life.
  const until =
    !answer || line.state === "live"
      ? null
      : line.state === "past"
        ? Date.parse(answer.at ?? "") || line.sign
        : line.sign;
  return (
    <>
      <PageHeader title={text("page.agents")} line={answer && line} moment={filters.em}>
        {answer && <Longest answer={answer} until={until} />}
        {time.button}
      </PageHeader>
      <FilterBar filters={filters} dropped={dropped} change={change} withPeriod={false} />
      <Progress on={isChanging} />
      <Gaps gaps={gaps} />
      {time.bar}
      {answer ? (
        <Groups answer={answer} chosen={filters.servico} until={until} />
      ) : (
        <Pending error={error} retry={retry} figures={4} />
      )}
    </>
  );
}

/** Who has waited longest, of all queues that are shown. */
function Longest({ answer, until }: { answer: Board; until: number | null }) {
  const text = useText();
  const first = answer.waiting.reduce<Board["waiting"][number] | null>(
    (longest, one) => (longest === null || one.since < longest.since ? one : longest),
    null,
  );
  if (!first) return <span className="muted">{text("board.noneWaiting")}</span>;
  return (
    <span className={board.longest}>
      <StateMark state="paused" />
      {text("queues.longest")}{" "}
      <strong>
        <Elapsed since={first.since} until={until} />
      </strong>{" "}
      {first.queue}
    </span>
  );
}

function Groups({ answer, chosen, until }: { answer: Board; chosen: readonly string[]; until: number | null }) {
  const text = useText();
  const lineage = useLineage(answer);
  return (
    <>
      <div className={board.board}>
        <AgentColumn group="available" mark="available" rows={answer.agents.available} until={until} />
        <AgentColumn group="on_call" mark="talking" rows={answer.agents.on_call} until={until} />
        <AgentColumn group="paused" mark="paused" rows={answer.agents.paused} until={until} />
        <AgentColumn group="offline" mark="offline" rows={answer.agents.offline} until={until} />
      </div>
      <div className={board.tables}>
        <Panel title={text("board.queues")}>
          <WaitingTable waiting={answer.waiting} available={answer.agents.available} chosen={chosen} until={until} />
        </Panel>
        <Panel title={text("board.calls")}>
          <CallsTable calls={answer.calls} until={until} />
        </Panel>
      </div>
      {lineage && <LineageFoot lineage={lineage} coveredTo={answer.covered_to} />}
    </>
  );
}
