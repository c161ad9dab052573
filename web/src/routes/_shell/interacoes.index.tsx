import { Button } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { createFileRoute, Link } from "@tanstack/react-router";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { useState } from "react";
import { answerOf, api, type Schemas } from "../../api/client";
import { useTimezone } from "../../api/queries";
import { clockTime } from "../../figures/format";
import { LineageFoot, useLineage } from "../../figures/lineage";
import { useFilters } from "../../filters/useFilters";
import { useText } from "../../i18n";
import { useQuestion } from "../../time/useQuestion";
import { CsvAction, LinkAction } from "../../ui/Actions";
import { Allowed } from "../../ui/Allowed";
import { Quality, Status } from "../../ui/Badge";
import { FilterBar } from "../../ui/FilterBar";
import { REPORTS } from "../../ui/menu";
import { PageHeader, Progress } from "../../ui/PageHeader";
import { Panel } from "../../ui/Panel";
import { Pending } from "../../ui/Pending";
import { type Column, Table } from "../../ui/Table";

export const Route = createFileRoute("/_shell/interacoes/")({
  component: () => (
    <Allowed permission={REPORTS}>
      <Interactions />
    </Allowed>
  ),
});

const PAGE = 100;

/** D1: every finished call, the newest first, in the manual's columns. All pages show one position of the log. */
function Interactions() {
  const text = useText();
  const { filters, dropped, change } = useFilters();
  const { by: _, ...question } = useQuestion(filters);
  const zone = useTimezone();
  const [at, setAt] = useState<{ of: typeof filters; cursor?: string }>({ of: filters });
  const cursor = at.of === filters ? at.cursor : undefined;
  const query = {
    ...question,
    medium: "voice" as const,
    order: "desc" as const,
    limit: PAGE,
    ...(cursor && { cursor }),
  };
  const { data, error, refetch, isPlaceholderData } = useQuery({
    queryKey: ["/v1/interactions", query],
    queryFn: () => answerOf(api.GET("/v1/interactions", { params: { query } })),
    placeholderData: keepPreviousData,
  });
  const lineage = useLineage(data);
  const csv = new URLSearchParams({
    medium: "voice",
    order: "desc",
    format: "csv",
    as_of: String(question.as_of ?? data?.as_of),
  });
  for (const [key, value] of Object.entries(question)) {
    if (key !== "as_of") for (const one of [value].flat()) csv.append(key, one);
  }
  const name = `interacoes_${data?.period.from?.slice(0, 10)}_posicao-${data?.as_of}.csv`;
  return (
    <>
      <PageHeader title={text("page.interactions")}>
        <LinkAction filters={filters} position={data?.as_of} zone={filters.fuso ?? zone} />
        <CsvAction files={data ? [{ title: text("action.csv"), path: `/v1/interactions?${csv}`, name }] : []} />
      </PageHeader>
      <FilterBar filters={filters} dropped={dropped} change={change} />
      <Progress on={isPlaceholderData} />
      {data && lineage ? (
        <>
          <Panel
            title={text("page.interactions")}
            actions={
              <>
                <Step to={data.previous} icon="back" go={(next) => setAt({ of: filters, cursor: next })} />
                <Step to={data.next} icon="forth" go={(next) => setAt({ of: filters, cursor: next })} />
              </>
            }
          >
            <Calls rows={data.items} />
          </Panel>
          <LineageFoot lineage={lineage} />
        </>
      ) : (
        <Pending error={error} retry={() => void refetch()} figures={1} />
      )}
    </>
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
