import type { Search } from "../filters/codec";
import type { Key } from "../i18n";
import type { Kind } from "./format";

interface FigureKind {
  kind: Kind;
  label: Key;
  /** The field of the API's answers. */
  field: string;
  /** The key of its definition, where it is not the field. */
  defined: string;
}

const of = (kind: Kind, name: string, label = `figure.${name}`, field = name, defined = field): FigureKind => ({
  kind,
  label: label as Key,
  field,
  defined,
});

/** Every figure that a page shows: how it is written, and its name. The API defines what it means. */
export const KINDS = {
  sla_percent: of("percent", "sla_percent"),
  offered: of("count", "offered"),
  answered: of("count", "answered"),
  abandoned: of("count", "abandoned"),
  timed_out: of("count", "timed_out"),
  aht_ms: of("duration", "aht_ms"),
  asa_ms: of("duration", "asa_ms"),
  msa_ms: of("duration", "msa_ms"),
  mht_ms: of("duration", "mht_ms"),
  abandoned_percent: of("percent", "abandoned_percent"),
  waiting: of("count", "waiting"),
  handled: of("count", "handled"),
  entered: of("count", "entered"),
  abandoned_in_ivr: of("count", "abandoned_in_ivr"),
  ivr_abandoned: of("count", "abandoned", "ivr.abandoned"),
  ivr_timed_out: of("count", "timed_out", "ivr.timed_out"),
  dialled: of("count", "dialled"),
  outbound_answered: of("count", "outbound_answered", "figure.outbound_answered", "answered", "outbound_answered"),
  not_connected: of("count", "not_connected"),
  outbound_aht_ms: of("duration", "outbound_aht_ms", "figure.outbound_aht_ms", "aht_ms", "outbound_aht_ms"),
  connect_percent: of("percent", "connect_percent"),
} satisfies Record<string, FigureKind>;

export type FigureKey = keyof typeof KINDS;

/** What the calls behind a figure have in common, as Rastreio de Interações filters them; figures that count no calls are not here. */
export const CALLS: Partial<Record<FigureKey, Search>> = {
  sla_percent: { tipo: "inbound" },
  offered: { tipo: "inbound" },
  answered: { tipo: "inbound", status: "answered" },
  abandoned: { tipo: "inbound", status: "abandoned" },
  abandoned_percent: { tipo: "inbound", status: "abandoned" },
  timed_out: { tipo: "inbound", status: "timed-out" },
  aht_ms: { tipo: "inbound", status: "answered" },
  asa_ms: { tipo: "inbound", status: "answered" },
  msa_ms: { tipo: "inbound", status: "answered" },
  mht_ms: { tipo: "inbound", status: "answered" },
  handled: { tipo: "inbound", status: "answered" },
  entered: { tipo: "inbound" },
  abandoned_in_ivr: { tipo: "inbound", status: "abandoned-in-ivr" },
  ivr_abandoned: { tipo: "inbound", status: "abandoned" },
  ivr_timed_out: { tipo: "inbound", status: "timed-out" },
  dialled: { tipo: "outbound" },
  outbound_answered: { tipo: "outbound", status: "answered" },
  not_connected: { tipo: "outbound", status: ["not-connected", "bad-number"] },
  outbound_aht_ms: { tipo: "outbound", status: "answered" },
  connect_percent: { tipo: "outbound" },
};
