import { useSuspenseQuery } from "@tanstack/react-query";
import { createFileRoute, Navigate } from "@tanstack/react-router";
import { me } from "../../api/queries";
import { useText } from "../../i18n";
import { entriesFor } from "../../ui/menu";
import { Notice } from "../../ui/Notice";

export const Route = createFileRoute("/_shell/")({ component: Home });

/** The first page that the user may see. */
function Home() {
  const text = useText();
  const user = useSuspenseQuery(me).data;
  const first = entriesFor(user.permissions)[0];
  if (first) return <Navigate to={first.to} replace />;
  return <Notice title={text("app.nothing")} hint={text("app.nothing.hint")} heading />;
}
