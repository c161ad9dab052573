import { useQuery } from "@tanstack/react-query";
import { createFileRoute, Link } from "@tanstack/react-router";
import { users } from "../../api/queries";
import { count } from "../../figures/format";
import { useLanguage, useText } from "../../i18n";
import { Allowed } from "../../ui/Allowed";
import { Tone } from "../../ui/Badge";
import { ListPage } from "../../ui/ListPage";
import { USERS } from "../../ui/menu";

export const Route = createFileRoute("/_shell/usuarios/")({
  component: () => (
    <Allowed permission={USERS}>
      <Users />
    </Allowed>
  ),
});

/** Everybody who may sign in, or might once. */
function Users() {
  const text = useText();
  const language = useLanguage();
  return (
    <ListPage
      title={text("page.users")}
      add={{ label: text("user.new"), to: "/usuarios/$user", params: { user: "novo" } }}
      result={useQuery(users)}
      words={(row) => `${row.name} ${row.email}`}
      keyOf={(row) => row.id}
      empty={text("user.none")}
      columns={[
        {
          key: "name",
          title: text("field.name"),
          isPinned: true,
          cell: (row) => (
            <Link to="/usuarios/$user" params={{ user: row.id }} search={{}}>
              {row.name}
            </Link>
          ),
        },
        { key: "email", title: text("enter.email"), cell: (row) => row.email },
        { key: "level", title: text("field.level"), cell: (row) => text(`level.${row.level}`) },
        {
          key: "state",
          title: text("field.state"),
          cell: (row) =>
            !row.active ? (
              <Tone tone="off">{text("state.inactive")}</Tone>
            ) : row.has_password ? (
              <Tone tone="ok">{text("state.active")}</Tone>
            ) : (
              <Tone tone="pause">{text("user.invited")}</Tone>
            ),
        },
        {
          key: "permissions",
          title: text("field.permissions"),
          isNumber: true,
          cell: (row) => count(row.permissions.length, language),
        },
      ]}
    />
  );
}
