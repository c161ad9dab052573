import { Link, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useState } from "react";
import { figure, intervals, type Kind } from "../figures/format";
import { bandsOf, type Gap, spanOf } from "../figures/gaps";
import { intervalSearch } from "../filters/calls";
import type { Search } from "../filters/codec";
import { useCallsSearch } from "../filters/useFilters";
import { useLanguage, useText } from "../i18n";
import styles from "./Chart.module.css";
import { Panel } from "./Panel";
import { Table } from "./Table";
import { usePrinting } from "./usePrinting";

const Canvas = lazy(() => import("./ChartCanvas"));

export interface Series {
  name: string;
  kind: Kind;
  /** The colour and dash of its meaning: 1 received or dialled, 2 a percentage, 3 answered, 4 abandoned. */
  colour: 1 | 2 | 3 | 4;
  values: readonly (number | null)[];
  /** Both limits of each value while a source was cut off. */
  limits?: readonly ([number, number] | null)[];
}

const NONE: readonly Gap[] = [];

interface Props {
  title: string;
  starts: readonly string[];
  /** What the axis says of each start, where that is no instant; and the title of its column in the table. */
  labels?: readonly string[];
  first?: string;
  /** Only every so many of the labels are written, where that makes rounder ones than the room alone would. */
  every?: number;
  by: string;
  /** Height of the drawn part, pixels. */
  height?: number;
  series: readonly Series[];
  /** A line across the chart, percent. */
  target?: number;
  /** Where a source was cut off: bands across the chart. */
  gaps?: readonly Gap[];
  /** What the calls of the chart have in common: then each interval leads to its calls. */
  calls?: Search;
}

/** Figures over time. Its legend hides and shows series, by mouse and by keys; the same numbers are there as a table. */
export function Chart({
  title,
  starts,
  labels: given,
  first,
  every,
  by,
  height,
  series,
  target,
  gaps = NONE,
  calls,
}: Props) {
  const text = useText();
  const language = useLanguage();
  const [hidden, setHidden] = useState<readonly string[]>([]);
  const [isChosen, setTable] = useState(false);
  const isPrinted = usePrinting();
  const isTable = isChosen || isPrinted;
  const labels = useMemo(() => given ?? intervals(starts, by, language), [given, starts, by, language]);
  const callsOf = useCallsSearch();
  const navigate = useNavigate();
  const searchAt =
    calls && ((index: number) => callsOf({ ...calls, ...intervalSearch(starts[index] ?? "", by), periodo: [] }));
  const intervalCell = ({ index }: { index: number }) =>
    searchAt ? (
      <Link
        to="/interacoes"
        search={searchAt(index) as never}
        aria-label={text("chart.calls", { interval: labels[index] ?? "" })}
      >
        {labels[index]}
      </Link>
    ) : (
      labels[index]
    );
  const isEmpty = series.every((one) => one.values.every((value) => !value));
  const bands = useMemo(() => bandsOf(gaps, starts), [gaps, starts]);
  const summary = [
    ...series
      .map((one) => summaryOf(one, language))
      .filter(Boolean)
      .map((part) => text(given ? "chart.range" : "chart.summary", part as Record<string, string>)),
    ...gaps.map((gap) => text("chart.gap", { span: spanOf(gap, text) })),
  ].join("; ");
  return (
    <Panel
      title={title}
      actions={
        <>
          {!isTable &&
            series.map((one) => (
              <button
                key={one.name}
                type="button"
                className={styles.legend}
                aria-pressed={!hidden.includes(one.name)}
                onClick={() =>
                  setHidden(
                    hidden.includes(one.name) ? hidden.filter((name) => name !== one.name) : [...hidden, one.name],
                  )
                }
              >
                <span
                  className={styles.key}
                  data-line={one.kind === "percent" || undefined}
                  style={{ background: `var(--series-${one.colour})` }}
                  aria-hidden
                />
                {one.name}
              </button>
            ))}
          <button
            type="button"
            className={styles.toggle}
            aria-label={text(isTable ? "chart.asChart" : "chart.asTable")}
            onClick={() => setTable(!isChosen)}
          >
            {text(isTable ? "chart.chart" : "chart.table")}
          </button>
        </>
      }
    >
      {isTable ? (
        <Table
          name={title}
          height={292}
          empty={text("chart.empty")}
          rows={starts.map((start, index) => ({ start, index }))}
          keyOf={(row) => row.start}
          columns={[
            { key: "start", title: first ?? text("chart.interval"), cell: intervalCell, isPinned: true },
            ...series.map((one) => ({
              key: one.name,
              title: one.name,
              isNumber: true,
              cell: (row: { index: number }) => figure(one.kind, one.values[row.index], language),
            })),
          ]}
        />
      ) : (
        <div
          className={styles.canvas}
          style={{ height }}
          role="img"
          aria-label={`${title}. ${isEmpty ? text("chart.empty") : summary}`}
        >
          {isEmpty ? (
            <p className={styles.empty}>{text("chart.empty")}</p>
          ) : (
            <Suspense fallback={null}>
              <Canvas
                labels={labels}
                every={every}
                series={series}
                hidden={hidden}
                bands={bands}
                pick={searchAt && ((index) => void navigate({ to: "/interacoes", search: searchAt(index) as never }))}
                target={target}
                targetLabel={
                  target === undefined ? "" : text("chart.target", { target: figure("percent", target, language) })
                }
              />
            </Suspense>
          )}
        </div>
      )}
    </Panel>
  );
}

function summaryOf(series: Series, language: string): Record<string, string> | null {
  const known = series.values.filter((value): value is number => value !== null);
  if (known.length === 0) return null;
  const write = (value: number) => figure(series.kind, value, language);
  return {
    name: series.name,
    from: write(Math.min(...known)),
    to: write(Math.max(...known)),
    now: write(known.at(-1) ?? 0),
  };
}
