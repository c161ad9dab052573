import { Button } from "@mantine/core";
import { createFileRoute, Link, useSearch } from "@tanstack/react-router";
import { ArrowDownUp, ChevronLeft, ChevronRight } from "lucide-react";
import { useState } from "react";
import { answerOf, api, type Schemas } from "../../api/client";
import { clockTime, decimal, timeOfDay } from "../../figures/format";
import { callQuestionOf, callSearchOf } from "../../filters/calls";
import type { Search } from "../../filters/codec";
import { useCallFilters } from "../../filters/useFilters";
import { type Language, type Text, useLanguage, useText } from "../../i18n";
import { csvOf, usePeriod, useReport } from "../../time/usePeriod";
import { Allowed } from "../../ui/Allowed";
import { Quality, Status } from "../../ui/Badge";
import { CallFilterControls } from "../../ui/CallFilterControls";
import { MultiSelect } from "../../ui/MultiSelect";
import { REPORTS } from "../../ui/menu";
import { Panel } from "../../ui/Panel";
import panels from "../../ui/Panel.module.css";
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
const MEDIUM = { medium: "voice" } as const;

/** D1: every finished call, the newest first, in the manual's columns. All pages show one position of the log. */
function Interactions() {
  const text = useText();
  const period = usePeriod();
  const { filters, change } = useCallFilters();
  const { by: _, ...shared } = period.question;
  const question = { ...shared, ...callQuestionOf(filters) };
  const [number, setNumber] = useState("");
  const asked = JSON.stringify([question, number]);
  const [at, setAt] = useState<{ of: string; cursor?: string }>({ of: asked });
  const go = (cursor: string) => setAt({ of: asked, cursor });
  const cursor = at.of === asked ? at.cursor : undefined;
  const query = { ...question, ...MEDIUM, count: true, limit: PAGE, ...(cursor && { cursor }) };
  const loaded = useReport(PATH, { ...query, number }, () =>
    number
      ? answerOf(api.POST("/v1/interactions/search", { body: { ...query, phone: number } as never }))
      : answerOf(api.GET(PATH, { params: { query } })),
  );
  return (
    <PeriodPage
      title={text("page.interactions")}
      period={period}
      loaded={loaded}
      cards={1}
      controls={<CallFilterControls {...{ filters, change, number, setNumber }} />}
      others={callSearchOf(filters)}
      files={(answer) =>
        number
          ? []
          : [{ title: text("action.csv"), path: csvOf(PATH, question, answer.as_of, MEDIUM), name: "interacoes" }]
      }
    >
      {(answer) => (
        <Panel
          title={text("calls.count", { count: answer.count ?? answer.items.length })}
          actions={
            <>
              <Columns chosen={filters.colunas} choose={(colunas) => change({ colunas })} />
              <Button
                variant="default"
                size="xs"
                leftSection={<ArrowDownUp size={14} aria-hidden />}
                title={text("calls.turn")}
                onClick={() => change({ ordem: filters.ordem ? undefined : "asc" })}
              >
                {text(filters.ordem ? "calls.oldest" : "calls.newest")}
              </Button>
              <span className={panels.together}>
                <Step to={answer.previous} icon="back" go={go} />
                <Step to={answer.next} icon="forth" go={go} />
              </span>
            </>
          }
        >
          <Calls rows={answer.items} shown={filters.colunas} />
        </Panel>
      )}
    </PeriodPage>
  );
}

function Columns({ chosen, choose }: { chosen: readonly string[]; choose: (columns: string[]) => void }) {
  const text = useText();
  const language = useLanguage();
  const titles = new Map(columnsOf(text, language).map((column) => [column.key, column.title]));
  return (
    <MultiSelect
      label={text("calls.columns")}
      none={text("calls.direction.all")}
      names={[...titles.keys()]}
      nameOf={(key) => titles.get(key) ?? key}
      chosen={chosen}
      choose={choose}
    />
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
      size="xs"
      disabled={!to}
      {...{ [icon === "back" ? "leftSection" : "rightSection"]: <Icon size={14} aria-hidden /> }}
      onClick={() => to && go(to)}
    >
      {text(icon === "back" ? "calls.previous" : "calls.next")}
    </Button>
  );
}

type Call = Schemas["FinishedCall"];

/** The way to a call, and from there back to this list with its filters. */
function CallLink({ id, protocol }: { id: string; protocol: Call["protocol"] }) {
  const text = useText();
  const search: Search = useSearch({ strict: false });
  return (
    <Link
      to="/interacoes/$interaction"
      params={{ interaction: id }}
      search={{}}
      state={{ list: search }}
      aria-label={text("calls.open", { protocol: protocol ?? "" })}
    >
      {protocol}
    </Link>
  );
}

function columnsOf(text: Text, language: Language): Column<Call>[] {
  return [
    { key: "date", title: text("calls.date"), cell: (row) => row.started_at.slice(0, 10) },
    { key: "time", title: text("calls.time"), cell: (row) => timeOfDay(row.started_at) },
    {
      key: "protocol",
      title: text("calls.protocol"),
      isPinned: true,
      cell: (row) => <CallLink id={row.id} protocol={row.protocol} />,
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
      cell: (row) => decimal(String(row.jitter_ms ?? ""), language),
    },
    {
      key: "loss_percent",
      title: text("calls.loss"),
      isNumber: true,
      cell: (row) => decimal(String(row.loss_percent ?? ""), language),
    },
    {
      key: "quality",
      title: text("calls.quality"),
      cell: (row) => <Quality band={row.quality} label={row.quality_label} />,
    },
  ];
}

function Calls({ rows, shown }: { rows: readonly Call[]; shown: readonly string[] }) {
  const text = useText();
  const language = useLanguage();
  // The protocol stays: it is the way to a call's history.
  const columns = columnsOf(text, language).filter(
    ({ key }) => shown.length === 0 || key === "protocol" || shown.includes(key),
  );
  return (
    <Table
      name={text("page.interactions")}
      isMain
      empty={text("calls.empty")}
      rows={rows}
      keyOf={(row) => row.id}
      columns={columns}
    />
  );
}
