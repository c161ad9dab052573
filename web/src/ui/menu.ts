import {
  ChartColumn,
  FileClock,
  type LucideIcon,
  Monitor,
  PhoneForwarded,
  PhoneIncoming,
  Target,
  Users,
  Workflow,
} from "lucide-react";
import type { Key } from "../i18n";

export const REPORTS = "gerenciar-relatorio";
export const MONITORING = "gerenciar-atendimento";

export interface Entry {
  to: "/agentes" | "/mural" | "/inbound" | "/outbound" | "/ivr" | "/interacoes" | "/relatorio-agentes" | "/sla";
  group: Key;
  label: Key;
  icon: LucideIcon;
  permission: string;
}

/** The menu in the manual's words. A page adds its line here. */
export const ENTRIES: readonly Entry[] = [
  { to: "/agentes", group: "menu.monitoring", label: "page.agents", icon: Users, permission: MONITORING },
  { to: "/mural", group: "menu.monitoring", label: "page.wall", icon: Monitor, permission: MONITORING },
  { to: "/inbound", group: "menu.dashboards", label: "page.inbound", icon: PhoneIncoming, permission: REPORTS },
  { to: "/outbound", group: "menu.dashboards", label: "page.outbound", icon: PhoneForwarded, permission: REPORTS },
  { to: "/ivr", group: "menu.dashboards", label: "page.ivr", icon: Workflow, permission: REPORTS },
  { to: "/interacoes", group: "menu.reports", label: "page.interactions", icon: FileClock, permission: REPORTS },
  {
    to: "/relatorio-agentes",
    group: "menu.reports",
    label: "page.agentReport",
    icon: ChartColumn,
    permission: REPORTS,
  },
  { to: "/sla", group: "menu.reports", label: "page.sla", icon: Target, permission: REPORTS },
];

export function entriesFor(permissions: readonly string[]): Entry[] {
  return ENTRIES.filter((entry) => permissions.includes(entry.permission));
}
