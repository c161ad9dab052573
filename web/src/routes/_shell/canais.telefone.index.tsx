import { useQuery } from "@tanstack/react-query";
import { createFileRoute, Link } from "@tanstack/react-router";
import { ivrs } from "../../api/queries";
import { useText } from "../../i18n";
import { Allowed } from "../../ui/Allowed";
import { ListPage } from "../../ui/ListPage";
import { PHONES } from "../../ui/menu";

export const Route = createFileRoute("/_shell/canais/telefone/")({
  component: () => (
    <Allowed permission={PHONES}>
      <Ivrs />
    </Allowed>
  ),
});

/** Every IVR (URA) of the company. */
function Ivrs() {
  const text = useText();
  return (
    <ListPage
      title={text("page.phone")}
      add={{ label: text("phone.new"), to: "/canais/telefone/$ivr", params: { ivr: "novo" } }}
      result={useQuery(ivrs)}
      words={(row) => row.name}
      keyOf={(row) => row.id}
      empty={text("phone.none")}
      columns={[
        {
          key: "name",
          title: text("field.name"),
          isPinned: true,
          cell: (row) => (
            <Link to="/canais/telefone/$ivr" params={{ ivr: row.id }} search={{}}>
              {row.name}
            </Link>
          ),
        },
      ]}
    />
  );
}
