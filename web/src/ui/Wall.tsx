import { ChevronLeft, ChevronRight, Maximize, Minimize, Pause, Play } from "lucide-react";
import { type CSSProperties, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { skew } from "../api/client";
import { count, duration, percent } from "../figures/format";
import { type Key, useLanguage, useText } from "../i18n";
import type { Answer, Line } from "../live/useLive";
import { gridOf, longestWait, pagesOf, type Standing, standing, type WallQueue, worstFirst } from "../wall/standing";
import { StateMark } from "./StateMark";
import { useStillness } from "./useStillness";
import styles from "./Wall.module.css";

const TURN_MS = 15_000;
const AN_HOUR_MS = 3_600_000;
const STANDINGS: Record<Standing, Key> = {
  ok: "wall.standing.ok",
  attention: "wall.standing.attention",
  breach: "wall.standing.breach",
};

/** The wall (Mural): a tile per queue, read from afar. The pages turn by themselves, and stop when they are told to. */
export function Wall({
  title,
  answer,
  line,
  zone,
  most,
  byName,
  leave,
}: {
  title: string;
  answer: Answer<"/v1/wall">;
  line: Line;
  zone: string;
  most: number;
  byName: boolean;
  leave?: ReactNode;
}) {
  const text = useText();
  const now = useSeconds(line);
  const size = useSize();
  const queues = useMemo(() => (byName ? answer.queues : worstFirst(answer.queues, now)), [answer, byName, now]);
  const grid = gridOf(queues.length, most, size.width, size.height);
  const pages = pagesOf(queues, grid.columns * grid.rows);
  const { page, turn, isTurning, setTurning } = usePages(pages.length);
  const isStill = useStillness(3_000);
  const root = useRef<HTMLElement>(null);
  const screen = useFullScreen(root);
  useKeys([
    ["ArrowLeft", () => turn(-1)],
    ["ArrowRight", () => turn(1)],
    [" ", () => setTurning(!isTurning)],
    ["f", screen.toggle],
  ]);
  const shift = { "--columns": grid.columns, "--rows": grid.rows } as CSSProperties;
  return (
    <main ref={root} className={styles.wall} data-line={line.state} data-still={isStill} style={burnIn(now)}>
      <Head title={title} answer={answer} line={line} now={now} zone={zone} />
      <div className={styles.body}>
        {queues.length === 0 ? (
          <div className={styles.empty}>
            <h2>{text("wall.noQueues")}</h2>
            <p>{text("wall.noQueues.hint")}</p>
          </div>
        ) : (
          <ul className={styles.tiles} style={shift}>
            {pages[page]?.map((queue) => (
              <Tile key={queue.queue_id} queue={queue} now={now} />
            ))}
          </ul>
        )}
        {line.state !== "live" && (
          <p className={styles.lost}>
            <span>{text("wall.lost")}</span>
            <span>{duration(Date.now() + skew.ms - line.sign)}</span>
          </p>
        )}
      </div>
      <footer className={styles.foot}>
        <span>{pages.length > 1 ? text("wall.page", { page: page + 1, pages: pages.length }) : ""}</span>
        <span className={styles.buttons}>
          {leave}
          {pages.length > 1 && (
            <>
              <button type="button" onClick={() => turn(-1)} aria-label={text("wall.before")}>
                <ChevronLeft aria-hidden size="1.2em" />
              </button>
              <button type="button" onClick={() => setTurning(!isTurning)}>
                {isTurning ? <Pause aria-hidden size="1.2em" /> : <Play aria-hidden size="1.2em" />}
                {text(isTurning ? "wall.stop" : "wall.turn")}
              </button>
              <button type="button" onClick={() => turn(1)} aria-label={text("wall.after")}>
                <ChevronRight aria-hidden size="1.2em" />
              </button>
            </>
          )}
          {screen.isPossible && (
            <button type="button" onClick={screen.toggle}>
              {screen.isFull ? <Minimize aria-hidden size="1.2em" /> : <Maximize aria-hidden size="1.2em" />}
              {text(screen.isFull ? "wall.window" : "wall.full")}
            </button>
          )}
        </span>
      </footer>
    </main>
  );
}

function Head(of: { title: string; answer: Answer<"/v1/wall">; line: Line; now: number; zone: string }) {
  const text = useText();
  const language = useLanguage();
  const { agents } = of.answer;
  const clock = new Intl.DateTimeFormat(language, { timeStyle: "short", timeZone: of.zone }).format(
    of.line.state === "live" ? of.now : of.line.sign,
  );
  return (
    <header className={styles.head}>
      <h1>{of.title}</h1>
      <ul className={styles.totals}>
        <li>
          <StateMark state="available" /> {text("wall.available", { count: agents.available })}
        </li>
        <li>
          <StateMark state="talking" /> {text("wall.onCall", { count: agents.on_call })}
        </li>
        <li>
          <StateMark state="paused" /> {text("wall.paused", { count: agents.paused })}
        </li>
      </ul>
      <span role="status" className={styles.line} data-state={of.line.state}>
        <StateMark state={of.line.state === "live" ? "ok" : "offline"} />
        {text(of.line.state === "live" ? "wall.live" : "wall.lost")}
        <time>{clock}</time>
      </span>
    </header>
  );
}

function Tile({ queue, now }: { queue: WallQueue; now: number }) {
  const text = useText();
  const language = useLanguage();
  const how = standing(queue, now);
  const wait = longestWait(queue, now);
  return (
    <li className={styles.tile} data-standing={how} data-queue={queue.queue}>
      <div className={styles.inner}>
        <div className={styles.name}>
          <h2 title={queue.queue}>{queue.queue}</h2>
          <span className={styles.standing}>
            <Shape of={how} />
            {text(STANDINGS[how])}
          </span>
        </div>
        <dl className={styles.main}>
          <div>
            <dt>{text("wall.waiting")}</dt>
            <dd data-value="waiting">{count(queue.waiting, language)}</dd>
          </div>
          <div>
            <dt>{text("wall.longest")}</dt>
            <dd data-value="longest" className={wait !== null && wait >= AN_HOUR_MS ? styles.hours : styles.wait}>
              {duration(wait)}
            </dd>
          </div>
        </dl>
        <dl className={styles.rest}>
          <div>
            <dt>{text("wall.free")}</dt>
            <dd data-value="free">{count(queue.agents.available, language)}</dd>
          </div>
          <div>
            <dt>{text("wall.sla")}</dt>
            <dd data-value="sla">
              {percent(queue.today.sla_percent, language)}{" "}
              <span className={styles.target}>
                <span>{text("wall.target")}</span>
                <span>{`${count(queue.sla_target, language)}\u00a0%`}</span>
              </span>
            </dd>
          </div>
        </dl>
      </div>
    </li>
  );
}

/** The standing as a shape: circle, triangle, octagon. */
function Shape({ of }: { of: Standing }) {
  return (
    <svg viewBox="0 0 12 12" aria-hidden fill="currentColor">
      {of === "ok" && <circle cx="6" cy="6" r="5" />}
      {of === "attention" && <path d="M6 .8 11.6 11H.4z" />}
      {of === "breach" && <path d="M3.6.5h4.8l3.1 3.1v4.8l-3.1 3.1H3.6L.5 8.4V3.6z" />}
    </svg>
  );
}

/** The server's clock, once a second; where the line is lost it stands still at the last sign of life. */
function useSeconds(line: Line): number {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((before) => before + 1), 1_000);
    return () => clearInterval(timer);
  }, []);
  return line.state === "live" ? Date.now() + skew.ms : line.sign;
}

function usePages(pages: number) {
  const [page, setPage] = useState(0);
  const [isTurning, setTurning] = useState(true);
  const turn = (by: number) => setPage((before) => (Math.min(before, pages - 1) + by + pages) % pages);
  useEffect(() => {
    if (!isTurning || pages < 2) return;
    const timer = setInterval(() => setPage((before) => (before + 1) % pages), TURN_MS);
    return () => clearInterval(timer);
  }, [isTurning, pages]);
  return { page: Math.min(page, pages - 1), turn, isTurning, setTurning };
}

function useSize() {
  const [size, setSize] = useState({ width: innerWidth, height: innerHeight });
  useEffect(() => {
    const measure = () => setSize({ width: innerWidth, height: innerHeight });
    addEventListener("resize", measure);
    return () => removeEventListener("resize", measure);
  }, []);
  return size;
}

function useFullScreen(root: { current: HTMLElement | null }) {
  const [isFull, setFull] = useState(false);
  useEffect(() => {
    const changed = () => setFull(document.fullscreenElement !== null);
    document.addEventListener("fullscreenchange", changed);
    return () => document.removeEventListener("fullscreenchange", changed);
  }, []);
  const toggle = () => void (isFull ? document.exitFullscreen() : root.current?.requestFullscreen())?.catch(() => null);
  return { isFull, toggle, isPossible: document.fullscreenEnabled };
}

function useKeys(keys: readonly [string, () => void][]): void {
  const current = useRef(keys);
  current.current = keys;
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      // A button that has the focus takes the space itself.
      if (event.ctrlKey || event.metaKey || event.altKey || (event.key === " " && event.target !== document.body))
        return;
      const action = current.current.find(([key]) => key === event.key)?.[1];
      if (action) {
        event.preventDefault();
        action();
      }
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
}

/** A picture that never moves burns into a panel: each minute all of it moves by two pixels. */
function burnIn(now: number): CSSProperties {
  const step = Math.floor(now / 60_000) % 4;
  return { transform: `translate(${step === 1 || step === 2 ? 2 : 0}px, ${step > 1 ? 2 : 0}px)` };
}
