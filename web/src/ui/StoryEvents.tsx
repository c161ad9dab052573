import { useNavigate, useSearch } from "@tanstack/react-router";
import type { Schemas } from "../api/client";
import { count } from "../figures/format";
import type { Search } from "../filters/codec";
import { type Key, useLanguage, useText } from "../i18n";
import styles from "./Story.module.css";
import { kindsOf, StoryEvent } from "./StoryEvent";

type Recorded = Schemas["HistoryEvent"];

/** The events of a call in their order: all, or those of the kinds that are chosen. The choice is in the page's address (`evento`). */
export function StoryEvents({ events }: { events: readonly Recorded[] }) {
  const text = useText();
  const language = useLanguage();
  const navigate = useNavigate();
  const search = useSearch({ strict: false }) as Search;
  const counts = new Map<Key, number>();
  for (const event of events) for (const kind of kindsOf(event)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  // A kind that this call has not is none of its filters.
  const chosen = new Set([search.evento ?? []].flat().filter((kind) => counts.has(kind as Key)));
  const choose = (kinds: string[]) =>
    void navigate({ to: ".", search: { ...search, evento: kinds.length ? kinds : undefined } as never });
  const toggle = (kind: string) =>
    choose(chosen.has(kind) ? [...chosen].filter((other) => other !== kind) : [...chosen, kind]);
  const shown = chosen.size ? events.filter((event) => kindsOf(event).some((kind) => chosen.has(kind))) : events;
  return (
    <>
      {counts.size > 1 && (
        <fieldset className={styles.kinds}>
          <legend className="visually-hidden">{text("call.kinds")}</legend>
          <button type="button" aria-pressed={chosen.size === 0} onClick={() => choose([])}>
            {text("call.kinds.all")} <span className="num">{count(events.length, language)}</span>
          </button>
          {[...counts].map(([kind, number]) => (
            <button key={kind} type="button" aria-pressed={chosen.has(kind)} onClick={() => toggle(kind)}>
              <span className={styles.kind}>{text(kind)}</span> <span className="num">{count(number, language)}</span>
            </button>
          ))}
        </fieldset>
      )}
      <ol className={styles.events}>
        {shown.map((event) => (
          <StoryEvent key={event.position} event={event} />
        ))}
      </ol>
    </>
  );
}
