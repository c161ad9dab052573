import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { tags } from "../api/queries";
import { BANDS, type CallFilters, STATUSES } from "../filters/calls";
import { useText } from "../i18n";
import styles from "./CallFilterControls.module.css";
import { Choice } from "./Choice";
import { IvrSelect } from "./IvrSelect";
import { MultiSelect } from "./MultiSelect";

interface Props {
  filters: CallFilters;
  change: (part: Partial<CallFilters>) => void;
  number: string;
  setNumber: (number: string) => void;
}

/** The filters that Rastreio de Interações has alone. The customer's number is never part of the address. */
export function CallFilterControls({ filters, change, number, setNumber }: Props) {
  const text = useText();
  const known = useQuery(tags).data;
  const [shortest = "", longest = ""] = (filters.duracao ?? "-").split("-");
  const [from = "", to = ""] = (filters.hora ?? "-").split("-");
  return (
    <>
      <Choice
        name={text("calls.type")}
        value={filters.tipo ?? "all"}
        choose={(tipo) => change({ tipo: tipo === "all" ? undefined : tipo })}
        options={(["all", "inbound", "outbound"] as const).map((value) => ({
          value,
          label: text(`calls.direction.${value}`),
        }))}
      />
      <MultiSelect
        label={text("filters.status")}
        names={STATUSES}
        nameOf={(code) => text(`status.${code as (typeof STATUSES)[number]}`)}
        chosen={filters.status}
        choose={(status) => change({ status: status as CallFilters["status"] })}
      />
      <MultiSelect
        label={text("calls.tag")}
        names={known ?? []}
        chosen={filters.tag}
        choose={(tag) => change({ tag })}
      />
      <IvrSelect chosen={filters.ura} choose={(ura) => change({ ura })} />
      <MultiSelect
        label={text("filters.quality")}
        names={BANDS}
        nameOf={(code) => text(`band.${code as (typeof BANDS)[number]}`)}
        chosen={filters.qualidade}
        choose={(qualidade) => change({ qualidade: qualidade as CallFilters["qualidade"] })}
      />
      <Typed
        label={text("filters.protocol")}
        value={filters.protocolo ?? ""}
        pattern="[0-9]{1,15}"
        apply={(protocolo) => change({ protocolo: protocolo || undefined })}
      />
      <Typed label={text("filters.number")} value={number} pattern="[+0-9 ()\-]{3,40}" apply={setNumber} />
      <Typed
        label={text("filters.shortest")}
        value={shortest}
        pattern="[0-9]{1,6}"
        width={64}
        apply={(value) => change({ duracao: value || longest ? `${value}-${longest}` : undefined })}
      />
      <Typed
        label={text("filters.longest")}
        value={longest}
        pattern="[0-9]{1,6}"
        width={64}
        apply={(value) => change({ duracao: shortest || value ? `${shortest}-${value}` : undefined })}
      />
      <label className={styles.field}>
        {text("filters.hourFrom")}
        <input
          type="time"
          value={from}
          onChange={(event) => change({ hora: span(event.target.value, to || "00:00") })}
        />
      </label>
      <label className={styles.field}>
        {text("filters.until")}
        <input
          type="time"
          value={to}
          aria-label={text("filters.hourTo")}
          onChange={(event) => change({ hora: span(from || "00:00", event.target.value) })}
        />
      </label>
    </>
  );
}

const span = (from: string, to: string) => (from && to ? `${from}-${to}` : undefined);

interface TypedProps {
  label: string;
  value: string;
  pattern: string;
  width?: number;
  apply: (value: string) => void;
}

/** A text that filters once Enter is pressed or the field is left. */
function Typed({ label, value, pattern, width = 120, apply }: TypedProps) {
  const [typed, setTyped] = useState<{ of: string; text: string }>({ of: value, text: value });
  // An address that changes, by a link or by going back, changes the field.
  const shown = typed.of === value ? typed.text : value;
  const set = (input: HTMLInputElement) => input.validity.valid && input.value !== value && apply(input.value);
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const input = event.currentTarget.elements.namedItem("typed");
    if (input instanceof HTMLInputElement) set(input);
  };
  return (
    <form onSubmit={onSubmit} noValidate>
      <label className={styles.field}>
        {label}
        <input
          name="typed"
          value={shown}
          pattern={pattern}
          autoComplete="off"
          style={{ width }}
          onChange={(event) => setTyped({ of: value, text: event.target.value })}
          onBlur={(event) => set(event.target)}
        />
      </label>
    </form>
  );
}
