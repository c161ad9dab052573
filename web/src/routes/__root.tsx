import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, Link, Outlet } from "@tanstack/react-router";
import { useText } from "../i18n";
import { Notice } from "../ui/Notice";

export const Route = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  component: Outlet,
  notFoundComponent: NotFound,
});

function NotFound() {
  const text = useText();
  return (
    <main style={{ padding: 24 }}>
      <Notice title={text("app.notFound")} hint={text("app.notFound.hint")} heading>
        <Link to="/">{text("app.home")}</Link>
      </Notice>
    </main>
  );
}
