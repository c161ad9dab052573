import { Modal } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { me } from "../api/queries";
import { type Key, useText } from "../i18n";
import { type Entry, entriesFor } from "../ui/menu";
import styles from "./Shortcuts.module.css";
import { listen, useShortcut } from "./shortcuts";

const Palette = lazy(() => import("./Palette"));

const KEYS: readonly (readonly [string, Key])[] = [
  ["Ctrl K", "keys.palette"],
  ["/", "keys.filter"],
  ["h d s m", "keys.view"],
  ["d", "keys.definition"],
  ["[ ]", "keys.period"],
  ["t", "keys.time"],
  ["␣ 1 2 3", "keys.play"],
  ["n", "keys.now"],
  ["c", "keys.link"],
  ["C", "keys.fixed"],
  ["e", "keys.csv"],
  ["j k", "keys.rows"],
  ["Enter", "keys.open"],
  ["Esc", "keys.close"],
  ["?", "keys.help"],
];

/** The keys that work on every page, the palette and the list of all keys. */
export function Shortcuts() {
  const user = useSuspenseQuery(me).data;
  const [isHelp, setHelp] = useState(false);
  const [isPalette, setPalette] = useState(false);
  useEffect(() => listen(document), []);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "k") return;
      event.preventDefault();
      setPalette((isOpen) => !isOpen);
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, []);
  useShortcut("?", () => setHelp(true));
  useShortcut("/", () => document.querySelector<HTMLElement>("main [data-search], main search button")?.focus());
  useShortcut("j", () => step(1));
  useShortcut("k", () => step(-1));
  const entries = entriesFor(user.permissions).filter((entry) => entry.key);
  return (
    <>
      {entries.map((entry) => (
        <GoTo key={entry.to} entry={entry} />
      ))}
      <Help isOpen={isHelp} close={() => setHelp(false)} entries={entries} />
      {isPalette && (
        <Suspense fallback={null}>
          <Palette close={() => setPalette(false)} />
        </Suspense>
      )}
    </>
  );
}

function GoTo({ entry }: { entry: Entry }) {
  const navigate = useNavigate();
  useShortcut(`g ${entry.key}`, () => void navigate({ to: entry.to, search: {} }));
  return null;
}

/** Moves the focus to the next or the previous row of the table that has it, or of the first one. Enter opens what the row links to. */
function step(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>("main tbody tr[data-key]")];
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[at < 0 ? 0 : Math.min(Math.max(at + by, 0), rows.length - 1)];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

function Help({ isOpen, close, entries }: { isOpen: boolean; close: () => void; entries: readonly Entry[] }) {
  const text = useText();
  return (
    <Modal
      opened={isOpen}
      onClose={close}
      title={text("keys.title")}
      size="lg"
      closeButtonProps={{ "aria-label": text("form.close") }}
    >
      <dl className={styles.keys}>
        {KEYS.map(([keys, label]) => (
          <Line key={keys} keys={keys} label={text(label)} />
        ))}
        {entries.map((entry) => (
          <Line key={entry.to} keys={`g ${entry.key}`} label={text(entry.label)} />
        ))}
      </dl>
      <p className="hint">{text("keys.off.hint")}</p>
    </Modal>
  );
}

function Line({ keys, label }: { keys: string; label: string }) {
  return (
    <div>
      <dt>
        {keys.split(" ").map((key) => (
          <kbd key={key}>{key}</kbd>
        ))}
      </dt>
      <dd>{label}</dd>
    </div>
  );
}
