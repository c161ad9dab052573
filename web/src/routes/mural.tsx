import { useQuery } from "@tanstack/react-query";
import { createFileRoute, Link } from "@tanstack/react-router";
import { LogIn, Undo2 } from "lucide-react";
import type { ReactNode } from "react";
import { company } from "../api/queries";
import { session } from "../api/session";
import { useFilters } from "../filters/useFilters";
import { type Key, useText } from "../i18n";
import { useLive } from "../live/useLive";
import { MONITORING } from "../ui/menu";
import { Wall } from "../ui/Wall";
import styles from "../ui/Wall.module.css";
import { useAwake } from "../wall/useAwake";
import { useNewVersion } from "../wall/useNewVersion";
import { useWallSession } from "../wall/useWallSession";

const SIZES = [4, 6, 9];

interface Asked {
  /** Tiles on a page. */
  por?: string;
  /** `nome`: by name; else the worst first. */
  ordem?: string;
}

/** The wall, for a user or for a device that is a screen. It is outside of the shell and never asks anybody to sign in by itself. */
export const Route = createFileRoute("/mural")({ component: Mural });

function Mural() {
  const text = useText();
  const shows = useWallSession();
  useAwake();
  if (shows === "in") {
    const may = session.welcome?.screen !== undefined || session.welcome?.permissions.includes(MONITORING);
    return may ? (
      <Current />
    ) : (
      <Said title={text("app.noPermission", { permission: MONITORING })} hint="app.noPermission.hint" />
    );
  }
  if (shows === "revoked") return <Said title={text("wall.revoked")} hint="wall.revoked.hint" />;
  if (shows === "starting") return <Said title={text("wall.starting")} hint="wall.away.hint" isBusy />;
  if (shows === "away") return <Said title={text("wall.away")} hint="wall.away.hint" />;
  if (shows === "used") return <Said title={text("wall.used")} hint="wall.link.hint" />;
  if (shows === "expired") return <Said title={text("wall.expired")} hint="wall.link.hint" />;
  return (
    <Said title={text(shows === "ended" ? "wall.ended" : "wall.nobody")} hint="wall.nobody.hint">
      <span className={styles.buttons}>
        <Link to="/entrar" search={{ voltar: location.pathname + location.search }}>
          <LogIn aria-hidden size="1.2em" />
          {text("enter.send")}
        </Link>
      </span>
    </Said>
  );
}

function Current() {
  const text = useText();
  const { filters } = useFilters();
  const asked = Route.useSearch() as Asked;
  const own = useQuery(company);
  const { answer, error, line } = useLive("/v1/wall", { queue: filters.servico, agent: filters.agente });
  useNewVersion(line.state === "live");
  const screen = session.welcome?.screen;
  if (!answer) {
    const title = error ? (error.status === 0 ? text("wall.away") : text("wall.failed")) : text("wall.starting");
    return <Said title={title} hint="wall.away.hint" isBusy={!error} />;
  }
  const most = SIZES.find((size) => String(size) === asked.por) ?? 6;
  const leave = screen === undefined && (
    <Link to="/agentes">
      <Undo2 aria-hidden size="1.2em" />
      {text("wall.leave")}
    </Link>
  );
  return (
    <>
      <title>{`${text("page.wall")} · Atende`}</title>
      <Wall
        title={screen ?? own.data?.name ?? text("page.wall")}
        answer={answer}
        line={line}
        zone={answer.timezone}
        most={most}
        byName={asked.ordem === "nome"}
        leave={leave}
      />
    </>
  );
}

/** What the wall says when it shows no queue. */
function Said({ title, hint, isBusy, children }: { title: string; hint: Key; isBusy?: boolean; children?: ReactNode }) {
  const text = useText();
  return (
    <main className={styles.wall} style={{ gridTemplateRows: "minmax(0, 1fr)" }}>
      <title>{`${text("page.wall")} · Atende`}</title>
      <div className={styles.empty} role="status" aria-busy={isBusy || undefined}>
        <h1>{title}</h1>
        <p>{text(hint)}</p>
        {children}
      </div>
    </main>
  );
}
