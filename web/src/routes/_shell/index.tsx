import { useSuspenseQuery } from "@tanstack/react-query";
import { createFileRoute, Navigate } from "@tanstack/react-router";
import { company, me } from "../../api/queries";
import { useText } from "../../i18n";
import { entriesFor, IMPORTS } from "../../ui/menu";
import { Notice } from "../../ui/Notice";

export const Route = createFileRoute("/_shell/")({ component: Home });

/** The first page that the user may see; while the company has no call, the one where that changes. */
function Home() {
  const text = useText();
  const user = useSuspenseQuery(me).data;
  const { empty } = useSuspenseQuery(company).data;
  if (empty && user.permissions.includes(IMPORTS)) return <Navigate to="/comecar" replace />;
  const first = entriesFor(user.permissions)[0];
  if (first) return <Navigate to={first.to} replace />;
  return <Notice title={text("app.nothing")} hint={text("app.nothing.hint")} heading />;
}
