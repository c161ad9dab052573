import { useQuery } from "@tanstack/react-query";
import { definitions } from "../api/queries";
import { useText } from "../i18n";
import { instant } from "./format";

/** What every figure of an answer comes from. */
export interface Lineage {
  position: number;
  zone: string;
  definition: string;
  formulas: Readonly<Record<string, string>>;
}

interface Answered {
  as_of: number;
  timezone: string;
  definition: string;
}

const NOTHING: Readonly<Record<string, string>> = {};

export function useLineage(answer: Answered | undefined): Lineage | null {
  const formulas = useQuery(definitions).data?.figures ?? NOTHING;
  return answer ? { position: answer.as_of, zone: answer.timezone, definition: answer.definition, formulas } : null;
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
