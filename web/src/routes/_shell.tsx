import { createFileRoute, Outlet, redirect } from "@tanstack/react-router";
import { company, me } from "../api/queries";
import { session } from "../api/session";
import { Shell } from "../ui/Shell";

/** Everything that needs somebody who is signed in, inside of menu and header. */
export const Route = createFileRoute("/_shell")({
  beforeLoad: async ({ context, location }) => {
    await session.start();
    if (session.state === "out" || session.state === "unknown")
      throw redirect({ to: "/entrar", search: { voltar: location.href } });
    await Promise.all([context.queryClient.ensureQueryData(me), context.queryClient.ensureQueryData(company)]);
  },
  component: () => (
    <Shell>
      <Outlet />
    </Shell>
  ),
});
