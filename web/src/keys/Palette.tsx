import { Spotlight, type SpotlightActionData, spotlight } from "@mantine/spotlight";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Headphones, ListTree, Phone } from "lucide-react";
import { useEffect, useState } from "react";
import { answerOf, api } from "../api/client";
import { agents, me, queues } from "../api/queries";
import { useText } from "../i18n";
import { entriesFor, MONITORING, QUEUES, REPORTS } from "../ui/menu";
import { saved } from "../ui/notify";
import { plain } from "../ui/plain";
import "./palette.css";

const MOST = 30;

/** Ctrl K: every page, queue and agent by typing a part of its name, and a call by its protocol number. */
export default function Palette({ close }: { close: () => void }) {
  const text = useText();
  const navigate = useNavigate();
  const user = useSuspenseQuery(me).data;
  const [typed, setTyped] = useState("");
  const may = (permission: string) => user.permissions.includes(permission);
  const queueNames = useQuery(queues).data ?? [];
  const agentNames = useQuery(agents).data ?? [];
  const protocol = /^\d{1,15}$/.test(typed.trim()) && may(REPORTS) ? Number(typed.trim()) : null;
  const openCall = async () => {
    const query = { protocol, medium: "voice" as const, limit: 1 };
    const found = (await answerOf(api.GET("/v1/interactions", { params: { query } }))).items[0];
    if (found) void navigate({ to: "/interacoes/$interaction", params: { interaction: found.id } });
    else saved(text("keys.call.none", { protocol: String(protocol) }));
  };
  useEffect(() => spotlight.open(), []);
  const where = may(REPORTS) ? "/inbound" : may(MONITORING) ? "/agentes" : null;
  const all: SpotlightActionData[] = [
    ...entriesFor(user.permissions).map(({ to, label, icon: Icon }) => ({
      id: to,
      group: text("keys.pages"),
      label: text(label),
      leftSection: <Icon size={16} aria-hidden />,
      onClick: () => void navigate({ to, search: {} }),
    })),
    ...queueNames.map((queue) => ({
      id: queue.id,
      group: text("page.queues"),
      label: queue.name,
      leftSection: <ListTree size={16} aria-hidden />,
      onClick: () =>
        where
          ? void navigate({ to: where, search: { servico: queue.name } as never })
          : void navigate({ to: "/servicos/$queue", params: { queue: queue.id } }),
    })),
    ...agentNames.map((agent) => ({
      id: agent.id,
      group: text("page.agents"),
      label: agent.name,
      leftSection: <Headphones size={16} aria-hidden />,
      onClick: () =>
        void navigate({ to: may(MONITORING) ? "/agentes" : "/inbound", search: { agente: agent.name } as never }),
    })),
  ].filter((one) => one.group !== text("page.queues") || where || may(QUEUES));
  const found = all.filter((one) => plain(String(one.label)).includes(plain(typed)));
  const actions = [
    ...(protocol !== null
      ? [
          {
            id: "call",
            group: text("keys.call"),
            label: `#${protocol}`,
            leftSection: <Phone size={16} aria-hidden />,
            onClick: () => void openCall().catch(() => saved(text("error.no-connection"))),
          },
        ]
      : []),
    ...found.filter((one) => one.group !== text("page.agents") || where),
  ].slice(0, MOST);
  const groups = [...new Set(actions.map((action) => action.group ?? ""))].map((group) => ({
    group,
    actions: actions.filter((action) => action.group === group),
  }));
  return (
    <Spotlight
      actions={groups}
      // Found already, also by names without their accents.
      filter={(_, those) => those}
      query={typed}
      onQueryChange={setTyped}
      onSpotlightClose={close}
      shortcut={null}
      attributes={{ content: { "aria-label": text("keys.palette") } }}
      scrollable
      maxHeight={420}
      nothingFound={text("filters.none")}
      searchProps={{ placeholder: text("keys.palette.hint"), "aria-label": text("keys.palette") }}
    />
  );
}
