import type { ReactNode } from "react";
import { type Lineage, LineageFoot, useLineage } from "../figures/lineage";
import type { Line } from "../live/useLive";
import type { Loaded, Period } from "../time/usePeriod";
import { viewOf } from "../time/useQuestion";
import { useTimeTravel } from "../time/useTimeTravel";
import { CsvAction, LinkAction } from "./Actions";
import { FilterBar } from "./FilterBar";
import { PageHeader, Progress } from "./PageHeader";
import { Pending } from "./Pending";
import { PrintFoot } from "./PrintFoot";

/** What every answer about a period says of itself. */
interface Answered {
  as_of: number;
  timezone: string;
  definition: string;
  period: { from?: string | null; by?: string | null };
  totals?: object;
}

interface Totals {
  covered_to?: string | null;
}

/** A file of the server: its title in the menu, its path, and the beginning of its name. */
export interface File {
  title: string;
  path: string;
  name: string;
}

interface Props<A extends Answered> {
  title: string;
  period: Period;
  loaded: Loaded<A> & { line?: Line };
  /** How many cards stand at the head of the page, for its outline while it is loaded. */
  cards: number;
  /** Whether another grouping by time can be chosen. */
  withView?: boolean;
  files?: (answer: A) => readonly File[];
  /** Filters that this page has alone. */
  controls?: ReactNode;
  /** What the page has in its address besides the filters that all pages share. */
  others?: Record<string, string | string[] | undefined>;
  children: (answer: A, lineage: Lineage) => ReactNode;
}

/** A page about a period, dashboard or report: its title with the line and the actions, its filters, what its answer shows, and from which position that is. */
export function PeriodPage<A extends Answered>({
  title,
  period,
  loaded,
  cards,
  withView,
  files,
  controls,
  others,
  children,
}: Props<A>) {
  const { filters, dropped, change, zone } = period;
  const { answer, error, retry, isChanging, line } = loaded;
  const lineage = useLineage(answer);
  const time = useTimeTravel(filters, change, isChanging);
  const suffix = answer && `${answer.period.from?.slice(0, 10)}_posicao-${answer.as_of}.csv`;
  return (
    <>
      <PageHeader title={title} line={answer && line} moment={filters.em}>
        {time.button}
        <LinkAction filters={filters} position={answer?.as_of} zone={zone} others={others} />
        {files && (
          <CsvAction files={answer ? files(answer).map((file) => ({ ...file, name: `${file.name}_${suffix}` })) : []} />
        )}
      </PageHeader>
      <FilterBar
        filters={filters}
        dropped={dropped}
        change={change}
        view={withView ? viewOf(answer?.period.by) : undefined}
      >
        {controls}
      </FilterBar>
      <Progress on={isChanging} />
      {time.bar}
      {answer && lineage ? (
        <>
          {children(answer, lineage)}
          <PrintFoot title={title} filters={filters} lineage={lineage} />
          <LineageFoot lineage={lineage} coveredTo={(answer.totals as Totals | undefined)?.covered_to} />
        </>
      ) : (
        <Pending error={error} retry={() => void retry()} figures={cards} />
      )}
    </>
  );
}
