import { useQuery } from "@tanstack/react-query";
import type { Schemas } from "../api/client";
import { definitions } from "../api/queries";
import { useText } from "../i18n";
import { instant } from "./format";

type Definition = Schemas["FigureDefinition"];

/** What every figure of an answer comes from. */
export interface Lineage {
  position: number;
  zone: string;
  definition: string;
  definitions: ReadonlyMap<string, Definition>;
}

interface Answered {
  as_of: number;
  timezone: string;
  definition: string;
}

export function useLineage(answer: Answered | undefined): Lineage | null {
  const known = useQuery({
    ...definitions,
    select: ({ figures }) => new Map(figures.map((one) => [one.key, one])),
  }).data;
  if (!answer) return null;
  return {
    position: answer.as_of,
    zone: answer.timezone,
    definition: answer.definition,
    definitions: known ?? new Map(),
  };
}

/** The foot of a page: position, time zone and definitions of all that it shows. */
export function LineageFoot({ lineage, coveredTo }: { lineage: Lineage; coveredTo?: string | null }) {
  const text = useText();
  return (
    <p className="hint num" style={{ whiteSpace: "normal", margin: "14px 0 0" }} data-as-of={lineage.position}>
      {text("lineage", { position: lineage.position, zone: lineage.zone, definition: lineage.definition })}
      {coveredTo && ` · ${text("lineage.covered", { time: instant(coveredTo) })}`}
    </p>
  );
}
