import { Button } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { createFileRoute, useNavigate, useSearch } from "@tanstack/react-router";
import { type ReactNode, useMemo } from "react";
import { answerOf, api } from "../../api/client";
import { useTimezone } from "../../api/queries";
import type { paths } from "../../api/schema";
import { between, count, NONE, percent, points } from "../../figures/format";
import { Gaps, useGaps } from "../../figures/gaps";
import { LineageFoot, useLineage } from "../../figures/lineage";
import type { Search } from "../../filters/codec";
import { useFilters } from "../../filters/useFilters";
import { useLanguage, useText } from "../../i18n";
import { useQuestion } from "../../time/useQuestion";
import { LinkAction } from "../../ui/Actions";
import { Allowed } from "../../ui/Allowed";
import { Chart } from "../../ui/Chart";
import { FilterBar } from "../../ui/FilterBar";
import { REPORTS } from "../../ui/menu";
import { PageHeader, Progress } from "../../ui/PageHeader";
import { Panel } from "../../ui/Panel";
import panels from "../../ui/Panel.module.css";
import { Pending } from "../../ui/Pending";
import { PrintFoot } from "../../ui/PrintFoot";
import styles from "../../ui/Sla.module.css";
import { Table } from "../../ui/Table";

export const Route = createFileRoute("/_shell/sla")({
  component: () => (
    <Allowed permission={REPORTS}>
      <Sla />
    </Allowed>
  ),
});

const asked = (query: NonNullable<paths["/v1/what-if/sla"]["get"]["parameters"]["query"]>) =>
  answerOf(api.GET("/v1/what-if/sla", { params: { query } }));

type Answer = Awaited<ReturnType<typeof asked>>;

/** The limits in the URL, which are asked for in place of those of the queues. */
interface Limits {
  sla?: string;
  abandono?: string;
  perfil?: string;
}

const SETTLED_MS = 150;
const MOST = { sla: 120, abandono: 60 } as const;

function limitsOf(search: Search): Limits {
  const seconds = (key: keyof typeof MOST) => {
    const value = search[key];
    return typeof value === "string" && /^\d{1,3}$/.test(value) && Number(value) <= MOST[key] ? value : undefined;
  };
  const { perfil } = search;
  return {
    sla: seconds("sla"),
    abandono: seconds("abandono"),
    perfil: typeof perfil === "string" && /^[a-z0-9:,-]{1,60}$/.test(perfil) ? perfil : undefined,
  };
}

/** K4: the service level as it was published, and as it would be under other limits and profiles. Nothing changes by asking. */
function Sla() {
  const text = useText();
  const { filters, dropped, change } = useFilters();
  const { by: _, ...question } = useQuestion(filters);
  const zone = useTimezone();
  const navigate = useNavigate();
  const search = useSearch({ strict: false }) as Search;
  const limits = limitsOf(search);
  const set = (part: Limits) =>
    void navigate({ to: ".", search: { ...search, ...part } as never, replace: true, resetScroll: false });
  // A slider that is dragged asks once it rests.
  const [settled] = useDebouncedValue(limits, SETTLED_MS);
  const query = {
    ...question,
    ...(settled.sla && { sla_ms: 1000 * Number(settled.sla) }),
    ...(settled.abandono && { tolerated_ms: 1000 * Number(settled.abandono) }),
    ...(settled.perfil && { sla_profile: settled.perfil }),
  };
  const { data, error, refetch, isPlaceholderData } = useQuery({
    queryKey: ["/v1/what-if/sla", query],
    queryFn: () => asked(query),
    placeholderData: keepPreviousData,
  });
  const lineage = useLineage(data);
  const gaps = useGaps(question, data?.published.bounds != null);
  return (
    <>
      <PageHeader title={text("page.sla")}>
        <LinkAction filters={filters} position={data?.as_of} zone={filters.fuso ?? zone} others={{ ...limits }} />
      </PageHeader>
      <FilterBar filters={filters} dropped={dropped} change={change} />
      <Progress on={isPlaceholderData} />
      <Gaps gaps={gaps} />
      {data ? (
        <>
          <Controls answer={data} limits={limits} set={set} />
          <Levels answer={data} limits={settled} />
          {lineage && <PrintFoot title={text("page.sla")} filters={filters} lineage={lineage} />}
        </>
      ) : (
        <Pending error={error} retry={() => void refetch()} figures={3} />
      )}
    </>
  );
}

function Controls({ answer, limits, set }: { answer: Answer; limits: Limits; set: (part: Limits) => void }) {
  const text = useText();
  const isAsked = Boolean(limits.sla ?? limits.abandono ?? limits.perfil);
  // Until a limit is asked for, the slider stands at the one that most visits had.
  const usual = [...answer.limits].sort((a, b) => b.visits - a.visits)[0];
  return (
    <section className={styles.controls} aria-label={text("sla.limits")}>
      <Slider
        name={text("sla.threshold")}
        value={limits.sla}
        usual={(usual?.sla_ms ?? 0) / 1000}
        most={MOST.sla}
        set={(sla) => set({ sla })}
      />
      <Slider
        name={text("sla.tolerated")}
        value={limits.abandono}
        usual={(usual?.tolerated_ms ?? 0) / 1000}
        most={MOST.abandono}
        set={(abandono) => set({ abandono })}
      />
      <label className={styles.profile}>
        {text("figure.profile")}
        <select
          value={limits.perfil ?? ""}
          onChange={(event) => set({ perfil: event.target.value === "" ? undefined : event.target.value })}
        >
          <option value="">{text("sla.ownProfile")}</option>
          {answer.profiles.map((row) => (
            <option key={row.profile}>{row.profile}</option>
          ))}
        </select>
      </label>
      <Button
        variant="default"
        size="xs"
        disabled={!isAsked}
        onClick={() => set({ sla: undefined, abandono: undefined, perfil: undefined })}
      >
        {text("sla.reset")}
      </Button>
    </section>
  );
}

interface SliderProps {
  name: string;
  value: string | undefined;
  usual: number;
  most: number;
  set: (value: string) => void;
}

function Slider({ name, value, usual, most, set }: SliderProps) {
  const text = useText();
  const shown = value === undefined ? text("sla.own") : text("sla.seconds", { seconds: value });
  return (
    <label className={styles.slider}>
      <span>
        {name} <strong className="num">{shown}</strong>
      </span>
      <input
        type="range"
        min={0}
        max={most}
        value={value ?? Math.min(usual, most)}
        aria-valuetext={shown}
        onChange={(event) => set(event.target.value)}
      />
    </label>
  );
}

function Levels({ answer, limits }: { answer: Answer; limits: Limits }) {
  const text = useText();
  const language = useLanguage();
  const lineage = useLineage(answer);
  const { published, recalculated, difference, curve } = answer;
  const seconds = useMemo(() => curve.map((point) => String(point.sla_ms / 1000)), [curve]);
  const drawn = useMemo(
    () => [
      {
        name: recalculated.profile,
        kind: "percent" as const,
        colour: 2 as const,
        values: curve.map((point) => point.sla_percent),
      },
    ],
    [curve, recalculated.profile],
  );
  const own = answer.limits.map((limit) =>
    text("sla.inForce", {
      sla: count(limit.sla_ms / 1000, language),
      tolerated: count(limit.tolerated_ms / 1000, language),
      visits: limit.visits,
    }),
  );
  const isAsked = Boolean(limits.sla ?? limits.abandono ?? limits.perfil);
  return (
    <>
      <div className={styles.levels}>
        <Level
          title={text("sla.published")}
          level={published}
          note={own.map((limits) => <span key={limits}>{limits}</span>)}
          name="published"
        />
        <Level
          title={text("sla.recalculated")}
          level={recalculated}
          note={isAsked ? text("sla.question") : text("sla.same")}
          name="recalculated"
        />
        <section className={styles.level} aria-label={text("sla.difference")} data-level="difference">
          <h2>{text("sla.difference")}</h2>
          <p className={`num ${styles.value}`}>{points(difference, language)}</p>
          <p className="hint">{text("sla.past")}</p>
        </section>
      </div>
      <div className={panels.two}>
        <Panel title={text("sla.profiles")}>
          <Table
            name={text("sla.profiles")}
            empty={text("chart.empty")}
            rows={answer.profiles}
            keyOf={(row) => row.profile}
            columns={[
              {
                key: "profile",
                title: text("figure.profile"),
                isPinned: true,
                cell: (row) => (
                  <span title={lineage?.definitions.get(`profile ${row.profile}`)?.meaning[language]}>
                    {row.profile === recalculated.profile ? <strong>{row.profile}</strong> : row.profile}
                  </span>
                ),
              },
              {
                key: "sla_percent",
                title: text("figure.sla_percent"),
                isNumber: true,
                cell: (row) => <strong>{shownOf(row, language)}</strong>,
              },
              { key: "terms", title: text("sla.terms"), isNumber: true, cell: (row) => termsOf(row, language) },
            ]}
          />
        </Panel>
        <Chart
          title={text("sla.curve")}
          starts={seconds}
          labels={seconds}
          first={text("sla.threshold")}
          every={15}
          by="second"
          height={400}
          series={drawn}
        />
      </div>
      {lineage && <LineageFoot lineage={lineage} />}
    </>
  );
}

type Row = Answer["published"];

function shownOf(row: Row, language: string): string {
  const { bounds } = row;
  return bounds && bounds[0] != null && bounds[1] != null && bounds[0] !== bounds[1]
    ? between("percent", [bounds[0], bounds[1]], language)
    : percent(row.sla_percent, language);
}

function termsOf(row: Row, language: string): string {
  return row.denominator == null ? NONE : `${count(row.numerator, language)} ÷ ${count(row.denominator, language)}`;
}

function Level({ title, level, note, name }: { title: string; level: Row; note: ReactNode; name: string }) {
  const text = useText();
  const language = useLanguage();
  return (
    <section className={styles.level} aria-label={title} data-level={name}>
      <h2>{title}</h2>
      <p className={`num ${styles.value}`}>{shownOf(level, language)}</p>
      <p className="num">
        {termsOf(level, language)} · {text("sla.profile", { profile: level.profile })}
      </p>
      <p className={`hint ${styles.note}`}>{note}</p>
    </section>
  );
}
