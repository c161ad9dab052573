import { ActionIcon, Drawer, Menu, Modal } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { Link, useLocation, useNavigate } from "@tanstack/react-router";
import { ChevronsUpDown, LockKeyhole, LogOut, Menu as MenuIcon } from "lucide-react";
import { Fragment, lazy, type ReactNode, Suspense, useEffect, useRef, useState } from "react";
import { company, me } from "../api/queries";
import { session, useSession } from "../api/session";
import { type Key, useText } from "../i18n";
import { Shortcuts } from "../keys/Shortcuts";
import { keptAgent } from "../phone/kept";
import { Brand } from "./Brand";
import { ImportsNow } from "./ImportsNow";
import { KeysSwitch } from "./KeysSwitch";
import { entriesFor } from "./menu";
import { Preferences } from "./Preferences";
import styles from "./Shell.module.css";
import { SignIn } from "./SignIn";

const NotificationArea = lazy(() => import("./NotificationArea"));

/** Keys of a URL that go along from page to page. */
const KEPT = ["servico", "agente", "periodo", "de", "ate", "em"];

/** Menu and header around every page of somebody who is signed in. */
export function Shell({ children }: { children: ReactNode }) {
  const text = useText();
  const [isOpen, setOpen] = useState(false);
  const path = useLocation({ select: (location) => location.pathname });
  useKeptPhone();
  const arrived = useRef(path);
  useEffect(() => {
    if (arrived.current === path) return;
    arrived.current = path;
    setOpen(false);
  }, [path]);
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#content">
        {text("app.skip")}
      </a>
      <aside className={styles.side}>
        <div className={styles.brand}>
          <Brand />
        </div>
        <Pages />
        <ImportsNow />
        <User />
      </aside>
      <header className={styles.bar}>
        <ActionIcon
          variant="subtle"
          color="gray"
          size={44}
          aria-label={text("app.menu.open")}
          onClick={() => setOpen(true)}
        >
          <MenuIcon size={20} color="var(--text)" aria-hidden />
        </ActionIcon>
        <Brand />
        <ImportsNow />
      </header>
      <Drawer
        opened={isOpen}
        onClose={() => setOpen(false)}
        size={280}
        title={<Brand />}
        closeButtonProps={{ "aria-label": text("filters.done") }}
      >
        <div className={styles.drawer}>
          <Pages />
          <User />
        </div>
      </Drawer>
      <main id="content" className={styles.content} tabIndex={-1}>
        {children}
      </main>
      <Shortcuts />
      <SessionGone />
      <Suspense fallback={null}>
        <NotificationArea />
      </Suspense>
    </div>
  );
}

/** A tab that was an agent's phone when its page was loaded again is it again, on whatever page; only then is the phone's code loaded. */
function useKeptPhone() {
  const user = useSuspenseQuery(me).data.id;
  useEffect(() => {
    const agent = keptAgent(user);
    if (agent) void import("../phone/softphone").then(({ softphone }) => softphone.start(agent));
  }, [user]);
}

function Pages() {
  const text = useText();
  const user = useSuspenseQuery(me).data;
  const entries = entriesFor(user.permissions);
  const list = useRef<HTMLElement>(null);
  const path = useLocation({ select: (location) => location.pathname });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another path is why another entry must be in sight
  useEffect(() => {
    // What it returns, a promise in new browsers, is nothing to clean up.
    list.current?.querySelector(".active")?.scrollIntoView({ block: "nearest" });
  }, [path]);
  const groups = [...new Set(entries.map((entry) => entry.group))];
  return (
    <nav ref={list} className={styles.pages} aria-label={text("app.menu")}>
      {groups.map((group: Key) => (
        <Fragment key={group}>
          <p className={styles.group}>{text(group)}</p>
          <ul>
            {entries
              .filter((entry) => entry.group === group)
              .map(({ to, label, icon: Icon }) => (
                <li key={to}>
                  <Link
                    to={to}
                    search={(before: Record<string, unknown>) =>
                      Object.fromEntries(Object.entries(before).filter(([key]) => KEPT.includes(key)))
                    }
                  >
                    <Icon size={17} strokeWidth={1.8} aria-hidden />
                    <span title={text(label)}>{text(label)}</span>
                  </Link>
                </li>
              ))}
          </ul>
        </Fragment>
      ))}
    </nav>
  );
}

function User() {
  const text = useText();
  const navigate = useNavigate();
  const user = useSuspenseQuery(me).data;
  const firm = useSuspenseQuery(company).data;
  const initials = user.name
    .split(/\s+/)
    .map((word) => word[0])
    .slice(0, 2)
    .join("");
  return (
    <Menu position="top-start" width={260} radius={8}>
      <Menu.Target>
        <button type="button" className={styles.user}>
          <span className="visually-hidden">{text("user.menu")}: </span>
          <span className={styles.avatar} aria-hidden>
            {initials}
          </span>
          <span className={styles.who}>
            <strong title={user.name}>{user.name}</strong>
            <span className="hint" title={firm.name}>
              {firm.name}
            </span>
          </span>
          <ChevronsUpDown size={15} aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <div className={styles.preferences}>
          <span className={styles.names}>
            <strong>{user.name}</strong>
            <span>{firm.name}</span>
            <span className="hint">{user.email}</span>
          </span>
          <Preferences />
          <KeysSwitch />
        </div>
        <Menu.Divider />
        <Menu.Item
          leftSection={<LockKeyhole size={15} aria-hidden />}
          renderRoot={(props) => <Link {...props} to="/senha" search={{}} />}
        >
          {text("password.title")}
        </Menu.Item>
        <Menu.Item
          leftSection={<LogOut size={15} aria-hidden />}
          onClick={() => void session.leave().then(() => navigate({ to: "/entrar", search: {} }))}
        >
          {text("user.leave")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** The session has ended while somebody watched: the password is asked over the page, which stays as it is. */
function SessionGone() {
  const text = useText();
  const state = useSession();
  const user = useSuspenseQuery(me).data;
  return (
    <Modal
      opened={state === "gone"}
      onClose={() => undefined}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      title={text("enter.gone")}
      centered
    >
      <p className="muted">{text("enter.gone.hint")}</p>
      <p>{user.email}</p>
      <SignIn known={user.email} entered={() => undefined} />
      <p>
        <button
          type="button"
          className={styles.other}
          onClick={() => void session.leave().then(() => location.assign("/entrar"))}
        >
          {text("enter.other")}
        </button>
      </p>
    </Modal>
  );
}
