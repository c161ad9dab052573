import { useVirtualizer } from "@tanstack/react-virtual";
import { Check, ChevronDown } from "lucide-react";
import { type KeyboardEvent, useId, useRef, useState } from "react";
import { useText } from "../i18n";
import control from "./Control.module.css";
import { ControlPopover } from "./ControlPopover";
import styles from "./MultiSelect.module.css";
import { plain } from "./plain";

interface Choosing {
  label: string;
  names: readonly string[];
  chosen: readonly string[];
  choose: (names: string[]) => void;
  /** What a person reads of a value. */
  nameOf?: (name: string) => string;
  /** Whether all but the chosen ones are meant, for a filter that can mean that. */
  but?: { isSet: boolean; set: (isSet: boolean) => void };
}

/** Some of many names: typed to find, accents ignored. Nothing chosen means all, unless `none` says otherwise. isNamed: whether its button shows the label; else what stands above it does. */
export function MultiSelect({
  label,
  names,
  chosen,
  choose,
  none,
  nameOf = String,
  but,
  isNamed = true,
}: Choosing & { none?: string; isNamed?: boolean }) {
  const text = useText();
  const [isOpen, setOpen] = useState(false);
  const some =
    chosen.length === 1
      ? nameOf(chosen[0] ?? "")
      : isNamed
        ? String(chosen.length)
        : text("filters.chosen", { count: chosen.length });
  const shown =
    chosen.length === 0 ? (none ?? text("filters.all")) : but?.isSet ? text("filters.but", { name: some }) : some;
  return (
    <ControlPopover
      title={label}
      isOpen={isOpen}
      setOpen={setOpen}
      isSet={chosen.length > 0}
      width={280}
      shown={
        <>
          <span className={isNamed ? control.label : "visually-hidden"}>{label}</span>
          <span className={control.value}>{shown}</span>
          <ChevronDown size={14} aria-hidden />
        </>
      }
    >
      <List {...{ label, names, chosen, choose, nameOf, but }} close={() => setOpen(false)} />
    </ControlPopover>
  );
}

const ROW = 32;

interface ListProps extends Choosing {
  nameOf: (name: string) => string;
  close: () => void;
}

function List({ label, names, chosen, choose, nameOf, but, close }: ListProps) {
  const text = useText();
  const id = useId();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const scroller = useRef<HTMLDivElement>(null);
  const found = names.filter((name) => plain(nameOf(name)).includes(plain(typed)));
  const rows = useVirtualizer({
    count: found.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 8,
    initialRect: { width: 280, height: 288 },
  });
  const toggle = (name: string) =>
    choose(chosen.includes(name) ? chosen.filter((other) => other !== name) : [...chosen, name]);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      const next = Math.min(Math.max(at + step, 0), found.length - 1);
      setAt(next);
      rows.scrollToIndex(next);
    } else if (event.key === "Enter" && found[at]) toggle(found[at]);
    else return;
    event.preventDefault();
  };
  return (
    <div>
      <div className={styles.search}>
        <input
          className={control.field}
          data-autofocus
          role="combobox"
          aria-expanded
          aria-controls={id}
          aria-activedescendant={found[at] && `${id}-${at}`}
          aria-label={`${text("filters.search")}: ${label}`}
          placeholder={text("filters.search")}
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <div
        className={styles.list}
        // As high as all of them, so that it does not jump while one types.
        style={{ height: Math.max(names.length, 2) * ROW }}
        ref={scroller}
        id={id}
        role="listbox"
        aria-label={label}
        aria-multiselectable
        tabIndex={-1}
      >
        <div style={{ height: rows.getTotalSize(), position: "relative" }} role="presentation">
          {rows.getVirtualItems().map(({ index, start }) => {
            const name = found[index] ?? "";
            return (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the combobox, which has the focus
              <div
                key={name}
                id={`${id}-${index}`}
                role="option"
                tabIndex={-1}
                aria-selected={chosen.includes(name)}
                aria-setsize={found.length}
                aria-posinset={index + 1}
                data-at={index === at || undefined}
                className={styles.option}
                style={{ transform: `translateY(${start}px)` }}
                onClick={() => toggle(name)}
              >
                <Check size={15} aria-hidden />
                <span title={nameOf(name)}>{nameOf(name)}</span>
              </div>
            );
          })}
        </div>
        {found.length === 0 && <p className={styles.none}>{text("filters.none")}</p>}
      </div>
      {but && (
        <label className={styles.but}>
          <input type="checkbox" checked={but.isSet} onChange={(event) => but.set(event.target.checked)} />
          {text("filters.except")}
        </label>
      )}
      <div className={styles.foot}>
        {typed && found.length > 0 ? (
          <button type="button" onClick={() => choose([...new Set([...chosen, ...found])])}>
            {text("filters.selectMatching", { count: found.length })}
          </button>
        ) : (
          <button type="button" disabled={chosen.length === 0} onClick={() => choose([])}>
            {text("filters.clear")}
          </button>
        )}
        <button type="button" onClick={close}>
          {text("filters.done")}
        </button>
      </div>
    </div>
  );
}
