import { createFileRoute, redirect, useNavigate } from "@tanstack/react-router";
import { session } from "../api/session";
import { useText } from "../i18n";
import { Brand } from "../ui/Brand";
import { Preferences } from "../ui/Preferences";
import { SignIn } from "../ui/SignIn";
import styles from "../ui/SignIn.module.css";

interface Asked {
  voltar?: string;
}

/** Only a path of this server is returned to. */
function within(path: unknown): string | undefined {
  return typeof path === "string" && /^\/(?![/\\])/.test(path) ? path : undefined;
}

export const Route = createFileRoute("/entrar")({
  validateSearch: (search: Record<string, unknown>): Asked => ({ voltar: within(search.voltar) }),
  beforeLoad: async ({ search }) => {
    await session.start();
    if (session.state === "in") throw redirect({ href: search.voltar ?? "/" });
  },
  component: Enter,
});

function Enter() {
  const text = useText();
  const navigate = useNavigate();
  const { voltar } = Route.useSearch();
  return (
    <main className={styles.page}>
      <title>{`${text("enter.title")} · Atende`}</title>
      <div className={styles.card}>
        <div className={styles.head}>
          <Brand />
          <h1>{text("enter.title")}</h1>
          <p className="muted">{text("enter.lead")}</p>
        </div>
        <SignIn entered={() => void navigate({ href: voltar ?? "/" })} />
        <p className={`hint ${styles.foot}`}>{text("enter.help")}</p>
        <Preferences />
      </div>
    </main>
  );
}
