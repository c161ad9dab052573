import { useQuery } from "@tanstack/react-query";
import { createFileRoute, Link } from "@tanstack/react-router";
import { queues } from "../../api/queries";
import { count, duration } from "../../figures/format";
import { useLanguage, useText } from "../../i18n";
import { Allowed } from "../../ui/Allowed";
import { Tone } from "../../ui/Badge";
import { ListPage } from "../../ui/ListPage";
import { QUEUES } from "../../ui/menu";

export const Route = createFileRoute("/_shell/servicos/")({
  component: () => (
    <Allowed permission={QUEUES}>
      <Queues />
    </Allowed>
  ),
});

/** Every queue (serviço) with its target, and whether it takes calls. */
function Queues() {
  const text = useText();
  const language = useLanguage();
  return (
    <ListPage
      title={text("page.queues")}
      add={{ label: text("queue.new"), to: "/servicos/$queue", params: { queue: "novo" } }}
      result={useQuery(queues)}
      words={(row) => row.name}
      keyOf={(row) => row.id}
      empty={text("queue.none")}
      hint={text("queue.none.hint")}
      columns={[
        {
          key: "name",
          title: text("field.name"),
          isPinned: true,
          cell: (row) => (
            <Link to="/servicos/$queue" params={{ queue: row.id }} search={{}}>
              {row.name}
            </Link>
          ),
        },
        {
          key: "active",
          title: text("field.state"),
          cell: (row) => (
            <Tone tone={row.active ? "ok" : "off"}>{text(row.active ? "state.active" : "state.inactive")}</Tone>
          ),
        },
        {
          key: "sla_target",
          title: text("field.sla_target"),
          isNumber: true,
          cell: (row) => `${count(row.sla_target, language)}\u00a0%`,
        },
        { key: "sla_ms", title: text("field.sla_ms"), isNumber: true, cell: (row) => duration(row.sla_ms) },
        {
          key: "tolerated_ms",
          title: text("field.tolerated_ms"),
          isNumber: true,
          cell: (row) => duration(row.tolerated_ms),
        },
        { key: "sla_profile", title: text("field.sla_profile"), cell: (row) => row.sla_profile },
        {
          key: "agents",
          title: text("page.agents"),
          isNumber: true,
          cell: (row) => count(row.agents.length, language),
        },
      ]}
    />
  );
}
