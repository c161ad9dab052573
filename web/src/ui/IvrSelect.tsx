import { useQuery } from "@tanstack/react-query";
import { answerOf, api } from "../api/client";
import { useText } from "../i18n";
import { MultiSelect } from "./MultiSelect";

const LONG_MS = 5 * 60_000;

/** The IVRs whose calls are meant; none means all. */
export function IvrSelect({ chosen, choose }: { chosen: readonly string[]; choose: (names: string[]) => void }) {
  const text = useText();
  const { data } = useQuery({
    queryKey: ["ivrs", "names"],
    staleTime: LONG_MS,
    queryFn: () => answerOf(api.GET("/v1/ivrs", { params: { query: { limit: 1000 } } })),
  });
  return (
    <MultiSelect
      label={text("call.ivr")}
      names={data?.items.map((one) => one.name) ?? []}
      chosen={chosen}
      choose={choose}
    />
  );
}
