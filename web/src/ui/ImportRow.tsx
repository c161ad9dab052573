import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChevronRight, Download } from "lucide-react";
import { useState } from "react";
import { answerOf, api, download } from "../api/client";
import { goesOn, type Import, imports } from "../api/imports";
import { useTimezone } from "../api/queries";
import { count, date } from "../figures/format";
import { type Key, useLanguage, useText } from "../i18n";
import portuguese from "../i18n/pt-BR.json";
import styles from "./Imports.module.css";
import { Table } from "./Table";

const TONES: Record<Import["state"], string> = {
  receiving: "call",
  waiting: "off",
  running: "call",
  done: "ok",
  failed: "danger",
  cancelled: "off",
  interrupted: "pause",
};

/** One import: how far it is, what it refused, how it ended. */
export function ImportRow({ one }: { one: Import }) {
  const text = useText();
  const locale = useLanguage();
  const client = useQueryClient();
  const [isOpen, setOpen] = useState(false);
  const isLive = one.kind === "simulation" && one.state === "running" && one.percent === 100;
  const name = one.kind === "simulation" ? text("import.simulation.name") : one.name;
  const state = text(isLive ? "import.state.live" : (`import.state.${one.state}` as Key));
  const number = (value: number) => count(value, locale);
  const facts = [
    one.bytes !== null && goesOn(one)
      ? text("import.bytes", { done: size(one.bytes, locale), total: size(one.bytes_total ?? one.bytes, locale) })
      : "",
    one.lines && one.kind !== "simulation" ? text("import.lines", { count: one.lines }) : "",
    one.lines_per_second && goesOn(one) && one.kind !== "simulation"
      ? text("import.rate", { count: number(one.lines_per_second) })
      : "",
    one.repeated_lines ? text("import.repeated", { count: one.repeated_lines }) : "",
    one.state === "done" && one.kind !== "members" ? text("import.calls", { count: one.calls }) : "",
  ].filter(Boolean);
  return (
    <li className={styles.row} data-import={one.state} data-name={name}>
      <div className={styles.line}>
        <strong className={styles.name}>{name}</strong>
        <span className={styles.state} data-tone={isLive ? "ok" : TONES[one.state]}>
          {state}
        </span>
        <span className={styles.facts}>{facts.join(" · ")}</span>
        {goesOn(one) && (
          <Button
            variant="default"
            size="xs"
            aria-label={text("import.cancel.of", { name })}
            onClick={() =>
              void api
                .DELETE("/v1/imports/{import_id}", { params: { path: { import_id: one.id } } })
                .catch(() => undefined)
                .then(() => client.invalidateQueries(imports))
            }
          >
            {text("import.cancel")}
          </Button>
        )}
      </div>
      {goesOn(one) && !isLive && one.percent !== null && (
        <div className={styles.progress}>
          <progress max={100} value={one.percent} aria-label={`${state}: ${name}`} />
          <span>{Math.floor(one.percent)}&nbsp;%</span>
        </div>
      )}
      {one.code !== "" && <p className={styles.problem}>{why(one, text)}</p>}
      <div className={styles.more}>
        {one.refused_lines > 0 && (
          <Button
            variant="default"
            size="xs"
            aria-expanded={isOpen}
            leftSection={<ChevronRight size={15} className={styles.twist} aria-hidden />}
            onClick={() => setOpen(!isOpen)}
          >
            {text("import.refused", { count: one.refused_lines })}
          </Button>
        )}
        {one.state === "done" && one.first_at && one.last_at && <Period from={one.first_at} to={one.last_at} />}
        {isLive && <Link to="/inbound">{text("import.see")}</Link>}
      </div>
      {isOpen && <RefusedLines one={one} />}
    </li>
  );
}

function why(one: Import, text: ReturnType<typeof useText>): string {
  const key = `import.code.${one.code}`;
  return key in portuguese ? text(key as Key) : text("import.code.other", { reason: one.reason });
}

/** The days that a file is about, in the company's time zone, and the way to their figures. */
function Period({ from, to }: { from: string; to: string }) {
  const text = useText();
  const zone = useTimezone();
  const day = (instant: string) => new Intl.DateTimeFormat("sv-SE", { timeZone: zone }).format(new Date(instant));
  const [de, ate] = [day(from), day(to)];
  return (
    <>
      <span className="muted">{text("import.done", { from: date(de), to: date(ate) })}</span>
      <Link to="/inbound" search={{ de, ate }}>
        {text("import.see")}
      </Link>
    </>
  );
}

function RefusedLines({ one }: { one: Import }) {
  const text = useText();
  const locale = useLanguage();
  const { data } = useQuery({
    queryKey: ["refused-lines", one.id, one.state],
    queryFn: () =>
      answerOf(api.GET("/v1/imports/{import_id}/refused-lines", { params: { path: { import_id: one.id } } })),
  });
  if (!data) return null;
  return (
    <div className={styles.refused}>
      <Table
        name={text("import.refused", { count: one.refused_lines })}
        columns={[
          { key: "file", title: text("import.file"), cell: (line) => line.file },
          { key: "line", title: text("import.line"), cell: (line) => line.line, isNumber: true },
          {
            key: "reason",
            title: text("import.reason"),
            cell: (line) => (locale === "en" ? line.reason : line.reason_label),
          },
        ]}
        rows={data.items}
        keyOf={(line) => `${line.file}:${line.line}`}
        height={240}
        empty=""
      />
      <Button
        variant="default"
        size="xs"
        leftSection={<Download size={15} aria-hidden />}
        onClick={() =>
          void download(`/v1/imports/${one.id}/refused-lines?format=csv`, `linhas-recusadas_${one.name}.csv`)
        }
      >
        {text("action.csv")}
      </Button>
    </div>
  );
}

function size(bytes: number, locale: string): string {
  const unit = bytes < 1_000_000 ? "kilobyte" : bytes < 1_000_000_000 ? "megabyte" : "gigabyte";
  const by = unit === "kilobyte" ? 1_000 : unit === "megabyte" ? 1_000_000 : 1_000_000_000;
  return new Intl.NumberFormat(locale, { style: "unit", unit, maximumFractionDigits: 1 }).format(bytes / by);
}
