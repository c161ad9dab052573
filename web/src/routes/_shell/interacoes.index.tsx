import { Button } from "@mantine/core";
import { createFileRoute, Link } from "@tanstack/react-router";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { useState } from "react";
import { answerOf, api, type Schemas } from "../../api/client";
import { clockTime } from "../../figures/format";
import { useText } from "../../i18n";
import { csvOf, usePeriod, useReport } from "../../time/usePeriod";
import { Allowed } from "../../ui/Allowed";
import { Quality, Status } from "../../ui/Badge";
import { REPORTS } from "../../ui/menu";
import { Panel } from "../../ui/Panel";
import { PeriodPage } from "../../ui/PeriodPage";
import { type Column, Table } from "../../ui/Table";

export const Route = createFileRoute("/_shell/interacoes/")({
  component: () => (
    <Allowed permission={REPORTS}>
      <Interactions />
    </Allowed>
  ),
});

const PATH = "/v1/interactions";
const PAGE = 100;
const ORDER = { medium: "voice", order: "desc" } as const;

/** D1: every finished call, the newest first, in the manual's columns. All pages show one position of the log. */
function Interactions() {
  const text = useText();
  const period = usePeriod();
  const { filters } = period;
  const { by: _, ...question } = period.question;
  const [at, setAt] = useState<{ of: typeof filters; cursor?: string }>({ of: filters });
  const go = (cursor: string) => setAt({ of: filters, cursor });
  const cursor = at.of === filters ? at.cursor : undefined;
  const query = { ...question, ...ORDER, limit: PAGE, ...(cursor && { cursor }) };
  const loaded = useReport(PATH, query, () => answerOf(api.GET(PATH, { params: { query } })));
  return (
    <PeriodPage
      title={text("page.interactions")}
      period={period}
      loaded={loaded}
      cards={1}
      files={(answer) => [
        { title: text("action.csv"), path: csvOf(PATH, question, answer.as_of, ORDER), name: "interacoes" },
      ]}
    >
      {(answer) => (
        <Panel
          title={text("page.interactions")}
          actions={
            <>
              <Step to={answer.previous} icon="back" go={go} />
              <Step to={answer.next} icon="forth" go={go} />
            </>
          }
        >
          <Calls rows={answer.items} />
        </Panel>
      )}
    </PeriodPage>
  );
}

function Step({
  to,
  icon,
  go,
}: {
  to: string | null | undefined;
  icon: "back" | "forth";
  go: (cursor: string) => void;
}) {
  const text = useText();
  const Icon = icon === "back" ? ChevronLeft : ChevronRight;
  return (
    <Button
      variant="default"
      size="compact-sm"
      disabled={!to}
      {...{ [icon === "back" ? "leftSection" : "rightSection"]: <Icon size={14} aria-hidden /> }}
      onClick={() => to && go(to)}
    >
      {text(icon === "back" ? "calls.previous" : "calls.next")}
    </Button>
  );
}

type Call = Schemas["FinishedCall"];

function Calls({ rows }: { rows: readonly Call[] }) {
  const text = useText();
  const columns: Column<Call>[] = [
    { key: "date", title: text("calls.date"), cell: (row) => row.started_at.slice(0, 10) },
    { key: "time", title: text("calls.time"), cell: (row) => row.started_at.slice(11, 23).replace(".", ":") },
    {
      key: "protocol",
      title: text("calls.protocol"),
      isPinned: true,
      cell: (row) => (
        <Link
          to="/interacoes/$interaction"
          params={{ interaction: row.id }}
          search={{}}
          aria-label={text("calls.open", { protocol: row.protocol ?? "" })}
        >
          {row.protocol}
        </Link>
      ),
    },
    { key: "queues", title: text("calls.queues"), cell: (row) => row.queues.join(", ") },
    { key: "agents", title: text("calls.agents"), cell: (row) => row.agents.join(", ") },
    { key: "origin", title: text("calls.origin"), cell: (row) => row.origin },
    { key: "direction", title: text("calls.type"), cell: (row) => row.direction_label },
    { key: "to_number", title: text("calls.to"), cell: (row) => row.to_number },
    { key: "contact", title: text("calls.contact"), cell: (row) => row.contact },
    { key: "from_number", title: text("calls.from"), cell: (row) => row.from_number },
    { key: "duration_ms", title: text("calls.duration"), isNumber: true, cell: (row) => clockTime(row.duration_ms) },
    {
      key: "status",
      title: text("calls.status"),
      cell: (row) => <Status code={row.status} label={row.status_label} />,
    },
    { key: "tags", title: text("calls.tag"), cell: (row) => row.tags.join(", ") },
    {
      key: "jitter_ms",
      title: text("calls.jitter"),
      isNumber: true,
      cell: (row) => row.jitter_ms?.toLocaleString("pt-BR") ?? "–",
    },
    {
      key: "loss_percent",
      title: text("calls.loss"),
      isNumber: true,
      cell: (row) => row.loss_percent?.toLocaleString("pt-BR") ?? "–",
    },
    {
      key: "quality",
      title: text("calls.quality"),
      cell: (row) => <Quality band={row.quality} label={row.quality_label} />,
    },
  ];
  return (
    <Table
      name={text("page.interactions")}
      height={640}
      empty={text("calls.empty")}
      rows={rows}
      keyOf={(row) => row.id}
      columns={columns}
    />
  );
}
