import { Button, Drawer } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { SlidersHorizontal, X } from "lucide-react";
import { memo, type ReactNode, useState } from "react";
import { agents, queues, useTimezone } from "../api/queries";
import { type Filters, VIEWS, type View } from "../filters/filters";
import { useText } from "../i18n";
import { useShortcut } from "../keys/shortcuts";
import { datesOf, todayIn, viewsOf } from "../time/periods";
import { Choice } from "./Choice";
import styles from "./FilterBar.module.css";
import { MultiSelect } from "./MultiSelect";
import { PeriodControl } from "./PeriodControl";

const NOTHING: string[] = [];

interface Props {
  filters: Filters;
  dropped?: string[];
  change: (part: Partial<Filters>) => void;
  /** Whether the page is about a period; else about now. */
  withPeriod?: boolean;
  /** The grouping of the answer, for the choice of another; without it the page has no such choice. */
  view?: View;
  /** Filters that this page has alone. */
  children?: ReactNode;
}

/** The filters that all pages share, one line; below it what is set. On a phone they are a sheet. */
export const FilterBar = memo(function FilterBar({
  filters,
  dropped = NOTHING,
  change,
  withPeriod = true,
  view,
  children,
}: Props) {
  const text = useText();
  const zone = useTimezone();
  const [isOpen, setOpen] = useState(false);
  const isPhone = useMediaQuery("(max-width: 599px)");
  const known = { servico: useQuery(queues).data, agente: useQuery(agents).data };
  const queueNames = (known.servico ?? []).map((queue) => queue.name);
  const agentNames = (known.agente ?? []).map((agent) => agent.name);
  const isGone = (key: (typeof CHIPS)[number], name: string) => {
    const names = known[key === "servico" || key === "-servico" ? "servico" : "agente"];
    return names !== undefined && !names.some((one) => one.name === name);
  };
  const count = CHIPS.reduce((sum, key) => sum + filters[key].length, 0);
  const allowed = viewsOf(datesOf(filters, todayIn(zone)));
  const to = (visao: View) => (view && allowed.includes(visao) ? () => change({ visao }) : undefined);
  useShortcut("h", to("hora"));
  useShortcut("d", to("dia"));
  useShortcut("s", to("semana"));
  useShortcut("m", to("mes"));
  const controls = (
    <>
      <Names label={text("filters.queue")} names={queueNames} kind="servico" {...{ filters, change }} />
      <Names label={text("filters.agent")} names={agentNames} kind="agente" {...{ filters, change }} />
      {children}
      {view && (
        <Choice
          name={text("view.title")}
          value={view}
          choose={(visao) => change({ visao })}
          options={VIEWS.map((one) => ({ value: one, label: text(`view.${one}`), disabled: !allowed.includes(one) }))}
        />
      )}
    </>
  );
  return (
    <div className={styles.area}>
      <search className={styles.bar} aria-label={text("filters.title")}>
        {withPeriod && <PeriodControl filters={filters} zone={zone} change={change} />}
        {isPhone ? (
          <Button
            variant="default"
            size="sm"
            className={styles.open}
            leftSection={<SlidersHorizontal size={15} aria-hidden />}
            onClick={() => setOpen(true)}
          >
            {text("filters.title")}
            {count > 0 && ` · ${count}`}
          </Button>
        ) : (
          controls
        )}
      </search>
      {isPhone && (
        <Drawer
          opened={isOpen}
          onClose={() => setOpen(false)}
          position="bottom"
          size="auto"
          title={text("filters.title")}
          closeButtonProps={{ "aria-label": text("filters.done") }}
        >
          <div className={styles.sheet}>{controls}</div>
        </Drawer>
      )}
      {count > 0 && (
        <ul className={styles.chips}>
          {CHIPS.flatMap((key) =>
            filters[key].map((name) => (
              <li key={`${key}-${name}`}>
                <button
                  type="button"
                  aria-label={text("filters.remove", { name })}
                  data-gone={isGone(key, name) || undefined}
                  onClick={() => change({ [key]: filters[key].filter((other) => other !== name) })}
                >
                  <span title={name}>{key.startsWith("-") ? text("filters.but", { name }) : name}</span>
                  {isGone(key, name) && <em>{text("filters.gone")}</em>}
                  <X size={13} aria-hidden />
                </button>
              </li>
            )),
          )}
          <li>
            <button
              type="button"
              className={styles.clear}
              onClick={() => change({ servico: [], agente: [], "-servico": [], "-agente": [] })}
            >
              {text("filters.clear")}
            </button>
          </li>
        </ul>
      )}
      {dropped.length > 0 && (
        <p className={styles.dropped} role="status">
          {text("filters.dropped", { keys: dropped.join(", ") })}
        </p>
      )}
    </div>
  );
});

const CHIPS = ["servico", "agente", "-servico", "-agente"] as const;

interface NamesProps extends Pick<Props, "filters" | "change"> {
  label: string;
  names: readonly string[];
  kind: "servico" | "agente";
}

/** Queues or agents: the chosen ones, or all but these. */
function Names({ label, names, kind, filters, change }: NamesProps) {
  const [isBut, setBut] = useState(filters[`-${kind}`].length > 0);
  const key = isBut ? (`-${kind}` as const) : kind;
  const turn = (isSet: boolean) => {
    setBut(isSet);
    const chosen = filters[key];
    if (chosen.length) change({ [kind]: isSet ? [] : chosen, [`-${kind}`]: isSet ? chosen : [] });
  };
  return (
    <MultiSelect
      label={label}
      names={names}
      chosen={filters[key]}
      choose={(some) => change({ [key]: some })}
      but={{ isSet: isBut, set: turn }}
    />
  );
}
