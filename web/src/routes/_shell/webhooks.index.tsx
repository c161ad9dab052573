import { useQuery } from "@tanstack/react-query";
import { createFileRoute, Link } from "@tanstack/react-router";
import { webhooks } from "../../api/queries";
import { count } from "../../figures/format";
import { useLanguage, useText } from "../../i18n";
import { useInstant } from "../../time/useInstant";
import { Allowed } from "../../ui/Allowed";
import { WebhookState } from "../../ui/Badge";
import { ListPage } from "../../ui/ListPage";
import { WEBHOOKS } from "../../ui/menu";

export const Route = createFileRoute("/_shell/webhooks/")({
  component: () => (
    <Allowed permission={WEBHOOKS}>
      <Webhooks />
    </Allowed>
  ),
});

/** Where what happens in the center is posted to. */
function Webhooks() {
  const text = useText();
  const instant = useInstant();
  const language = useLanguage();
  return (
    <ListPage
      title={text("page.webhooks")}
      add={{ label: text("webhook.new"), to: "/webhooks/$webhook", params: { webhook: "novo" } }}
      result={useQuery(webhooks)}
      words={(row) => row.url}
      keyOf={(row) => row.id}
      empty={text("webhook.none")}
      hint={text("webhook.none.hint")}
      columns={[
        {
          key: "url",
          title: text("webhook.url"),
          isPinned: true,
          cell: (row) => (
            <Link to="/webhooks/$webhook" params={{ webhook: row.id }} search={{}}>
              {row.url}
            </Link>
          ),
        },
        { key: "status", title: text("field.state"), cell: (row) => <WebhookState status={row.status} /> },
        {
          key: "events",
          title: text("webhook.events"),
          isNumber: true,
          cell: (row) => count(row.events.length, language),
        },
        { key: "queues", title: text("page.queues"), cell: (row) => row.queues.join(", ") || text("filters.all") },
        { key: "created_at", title: text("field.created"), cell: (row) => instant(row.created_at) },
      ]}
    />
  );
}
