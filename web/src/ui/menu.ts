import {
  Building2,
  ChartColumn,
  FileClock,
  FileUp,
  Headset,
  KeyRound,
  ListTree,
  type LucideIcon,
  Monitor,
  MonitorCog,
  Phone,
  PhoneCall,
  PhoneForwarded,
  PhoneIncoming,
  Target,
  UserCog,
  Users,
  Webhook,
  Workflow,
} from "lucide-react";
import type { Key } from "../i18n";

export const REPORTS = "gerenciar-relatorio";
export const LISTEN = "ouvir-gravacoes";
export const MONITORING = "gerenciar-atendimento";
export const SUPERVISION = "supervisionar-ligacoes";
export const IMPORTS = "gerenciar-api";
export const COMPANY = "gerenciar-empresas";
export const USERS = "gerenciar-usuário";
export const QUEUES = "gerenciar-service";
export const PHONES = "gerenciar-phone";
export const BLACKLIST = "gerenciar-blacklist";
export const KEYS = "gerenciar-chaves";
export const WEBHOOKS = "gerenciar-conectores";

export interface Entry {
  to:
    | "/agentes"
    | "/atender"
    | "/mural"
    | "/inbound"
    | "/outbound"
    | "/ivr"
    | "/interacoes"
    | "/relatorio-agentes"
    | "/sla"
    | "/empresa"
    | "/usuarios"
    | "/servicos"
    | "/canais/telefone"
    | "/chaves"
    | "/paineis"
    | "/webhooks"
    | "/retornos"
    | "/comecar";
  group: Key;
  label: Key;
  icon: LucideIcon;
  permission: string;
  /** The letter that leads there after `g`. */
  key?: string;
}

/** The menu in the manual's words. A page adds its line here. */
export const ENTRIES: readonly Entry[] = [
  { to: "/agentes", group: "menu.monitoring", label: "page.agents", icon: Users, permission: MONITORING, key: "a" },
  { to: "/mural", group: "menu.monitoring", label: "page.wall", icon: Monitor, permission: MONITORING, key: "m" },
  { to: "/atender", group: "menu.attend", label: "page.attend", icon: Headset, permission: MONITORING, key: "t" },
  { to: "/retornos", group: "menu.attend", label: "page.callbacks", icon: PhoneCall, permission: MONITORING },
  {
    to: "/inbound",
    group: "menu.dashboards",
    label: "page.inbound",
    icon: PhoneIncoming,
    permission: REPORTS,
    key: "i",
  },
  {
    to: "/outbound",
    group: "menu.dashboards",
    label: "page.outbound",
    icon: PhoneForwarded,
    permission: REPORTS,
    key: "o",
  },
  { to: "/ivr", group: "menu.dashboards", label: "page.ivr", icon: Workflow, permission: REPORTS, key: "u" },
  {
    to: "/interacoes",
    group: "menu.reports",
    label: "page.interactions",
    icon: FileClock,
    permission: REPORTS,
    key: "r",
  },
  {
    to: "/relatorio-agentes",
    group: "menu.reports",
    label: "page.agentReport",
    icon: ChartColumn,
    permission: REPORTS,
  },
  { to: "/sla", group: "menu.reports", label: "page.sla", icon: Target, permission: REPORTS, key: "s" },
  {
    to: "/empresa",
    group: "menu.administration",
    label: "page.company",
    icon: Building2,
    permission: COMPANY,
    key: "e",
  },
  { to: "/usuarios", group: "menu.administration", label: "page.users", icon: UserCog, permission: USERS, key: "p" },
  { to: "/servicos", group: "menu.administration", label: "page.queues", icon: ListTree, permission: QUEUES, key: "f" },
  { to: "/canais/telefone", group: "menu.channels", label: "page.phone", icon: Phone, permission: PHONES },
  { to: "/chaves", group: "menu.security", label: "page.keys", icon: KeyRound, permission: KEYS },
  { to: "/paineis", group: "menu.security", label: "page.screens", icon: MonitorCog, permission: KEYS },
  { to: "/webhooks", group: "menu.security", label: "page.webhooks", icon: Webhook, permission: WEBHOOKS },
  { to: "/comecar", group: "menu.sources", label: "page.imports", icon: FileUp, permission: IMPORTS },
];

export function entriesFor(permissions: readonly string[]): Entry[] {
  return ENTRIES.filter((entry) => permissions.includes(entry.permission));
}
