import { useQuery } from "@tanstack/react-query";
import { ChevronLeft, ChevronRight, Pause, Play, X, ZoomIn, ZoomOut } from "lucide-react";
import { type KeyboardEvent, type PointerEvent, useRef, useState } from "react";
import { answerOf, api, type Schemas } from "../api/client";
import { count, instant } from "../figures/format";
import type { Filters } from "../filters/filters";
import { useLanguage, useText } from "../i18n";
import { useShortcut } from "../keys/shortcuts";
import {
  DAYS,
  daysLater,
  instantOf,
  marksOf,
  type Stretch,
  stretchOf,
  within,
  written,
  ZOOMS,
  type Zoom,
} from "./moments";
import styles from "./TimeBar.module.css";
import { SPEEDS, serverNow, type Travel } from "./useTravel";

const MINUTE = 60_000;
const BUCKETS = 288;

/** The bar on which a past moment is chosen: by dragging, by keys, by typing, or by playing what happened. */
export function TimeBar({ travel, close }: { travel: Travel; close: () => void }) {
  const text = useText();
  const { zone, moment, isPast, speed } = travel;
  const [zoom, setZoom] = useState<Zoom>("dia");
  const now = serverNow();
  const at = moment ?? now;
  const stretch = stretchOf(at, zoom, zone);
  const zoomed = (by: 1 | -1) => {
    const next = ZOOMS[ZOOMS.indexOf(zoom) + by];
    if (next) setZoom(next);
  };
  const shift = (by: 1 | -1) => travel.go(within(daysLater(at, by * DAYS[zoom], zone), 0, now));
  return (
    <section className={styles.bar} aria-label={text("time.title")}>
      <div className={styles.controls}>
        <Tool label={text("time.earlier")} act={() => shift(-1)} icon={ChevronLeft} />
        <Moment at={at} zone={zone} go={(instant) => travel.go(instant)} />
        <Tool label={text("time.later")} act={() => shift(1)} icon={ChevronRight} disabled={!isPast} />
        <Tool
          label={text(speed === null ? "time.play" : "time.pause")}
          act={() => travel.play(speed === null ? 1 : null)}
          icon={speed === null ? Play : Pause}
          disabled={moment === null}
        />
        <fieldset className={styles.speeds} aria-label={text("time.speed")}>
          {SPEEDS.map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={speed === one}
              disabled={moment === null}
              onClick={() => travel.play(speed === one ? null : one)}
            >
              {one}x
            </button>
          ))}
        </fieldset>
        <Tool label={text("time.zoomIn")} act={() => zoomed(-1)} icon={ZoomIn} disabled={zoom === "dia"} />
        <Tool label={text("time.zoomOut")} act={() => zoomed(1)} icon={ZoomOut} disabled={zoom === "ano"} />
        <span className={styles.end}>
          <Tool label={text("time.close")} act={close} icon={X} />
        </span>
      </div>
      <Track stretch={stretch} travel={travel} at={at} now={now} zoomed={zoomed} />
    </section>
  );
}

interface ToolProps {
  label: string;
  act: () => void;
  icon: typeof Play;
  disabled?: boolean;
}

function Tool({ label, act, icon: Icon, disabled }: ToolProps) {
  return (
    <button type="button" className={styles.tool} aria-label={label} title={label} disabled={disabled} onClick={act}>
      <Icon size={16} aria-hidden />
    </button>
  );
}

/** The instant as text, to be read and typed. */
function Moment({ at, zone, go }: { at: number; zone: string; go: (instant: number) => void }) {
  const text = useText();
  const shown = written(at, zone).slice(0, 19);
  const [typed, setTyped] = useState<string | null>(null);
  const apply = () => {
    const instant = typed ? instantOf(typed.length === 16 ? `${typed}:00` : typed, zone) : null;
    setTyped(null);
    if (instant !== null) go(Math.min(instant, serverNow()));
  };
  return (
    <input
      className={styles.moment}
      type="datetime-local"
      step={1}
      aria-label={text("time.moment", { zone })}
      title={text("period.zone", { zone })}
      value={typed ?? shown}
      onChange={(event) => setTyped(event.target.value)}
      onBlur={apply}
      onKeyDown={(event) => event.key === "Enter" && apply()}
    />
  );
}

interface TrackProps {
  stretch: Stretch;
  travel: Travel;
  at: number;
  now: number;
  zoomed: (by: 1 | -1) => void;
}

function Track({ stretch, travel, at, now, zoomed }: TrackProps) {
  const text = useText();
  const language = useLanguage();
  const track = useRef<HTMLDivElement>(null);
  const { from, to } = stretch;
  const known = useTimeline(stretch, travel.filters);
  const share = (instant: number) => (100 * (within(instant, from, to) - from)) / (to - from);
  const pointed = (event: PointerEvent) => {
    const box = track.current?.getBoundingClientRect();
    return box ? from + within((event.clientX - box.left) / box.width, 0, 1) * (to - from) : at;
  };
  const keys: Record<string, number> = {
    ArrowLeft: -MINUTE,
    ArrowRight: MINUTE,
    ArrowDown: -MINUTE,
    ArrowUp: MINUTE,
    PageDown: -60 * MINUTE,
    PageUp: 60 * MINUTE,
  };
  const press = (event: KeyboardEvent) => {
    const step = keys[event.key];
    if (step !== undefined) travel.drag(at + step * (event.shiftKey && Math.abs(step) === MINUTE ? 10 : 1));
    else if (event.key === "Home") travel.drag(from);
    else if (event.key === "End") travel.drag(Math.min(to, now));
    else if (event.key === "+" || event.key === "-") zoomed(event.key === "+" ? -1 : 1);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <div
        ref={track}
        className={styles.track}
        role="slider"
        tabIndex={0}
        aria-label={text("time.slider")}
        aria-valuemin={Math.floor(from / 1000)}
        aria-valuemax={Math.floor(Math.min(to, now) / 1000)}
        aria-valuenow={Math.floor(at / 1000)}
        aria-valuetext={travel.isPast ? instant(written(at, travel.zone)) : text("time.now")}
        data-moment={written(at, travel.zone)}
        onKeyDown={press}
        onKeyUp={travel.release}
        onBlur={travel.release}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          travel.drag(pointed(event));
        }}
        onPointerMove={(event) => event.buttons === 1 && travel.drag(pointed(event))}
        onPointerUp={travel.release}
        onPointerCancel={travel.release}
      >
        {known && <Bars known={known} />}
        {known?.gaps.map((gap) => (
          <span
            key={gap.from}
            className={styles.gap}
            title={text("time.gap", { count: count(gap.missing_at_most, language) })}
            style={{ left: `${share(Date.parse(gap.from))}%`, right: `${100 - share(Date.parse(gap.to))}%` }}
          />
        ))}
        {known && (
          <span
            className={styles.unknown}
            style={{ left: 0, right: `${100 - share(known.first_at ? Date.parse(known.first_at) : to)}%` }}
            aria-hidden
          />
        )}
        <span className={styles.unknown} style={{ left: `${share(now)}%`, right: 0 }} aria-hidden />
        <span className={styles.thumb} style={{ left: `${share(at)}%` }} aria-hidden />
      </div>
      <div className={styles.marks} aria-hidden>
        {marksOf(stretch, travel.zone).map(({ instant: mark, name }) => (
          <span key={mark} className="num" style={{ left: `${share(mark)}%` }}>
            {name}
          </span>
        ))}
      </div>
    </>
  );
}

/** What is known of a stretch, of the queues and agents of the page's filters. */
function useTimeline({ from, to }: Stretch, filters: Filters): Schemas["Timeline"] | undefined {
  const some = {
    queue: filters.servico,
    agent: filters.agente,
    except_queue: filters["-servico"],
    except_agent: filters["-agente"],
  };
  return useQuery({
    queryKey: ["/v1/timeline", from, to, some],
    staleTime: MINUTE / 2,
    refetchInterval: MINUTE,
    placeholderData: undefined,
    queryFn: () =>
      answerOf(
        api.GET("/v1/timeline", {
          params: {
            query: { from: new Date(from).toISOString(), to: new Date(to).toISOString(), buckets: BUCKETS, ...some },
          },
        }),
      ),
  }).data;
}

/** What was received in each part of the time. */
function Bars({ known }: { known: Schemas["Timeline"] }) {
  const most = Math.max(1, ...known.received);
  return (
    <svg className={styles.bars} viewBox={`0 0 ${known.received.length} 100`} preserveAspectRatio="none" aria-hidden>
      {known.received.map((received, at) =>
        received === 0 ? null : (
          <rect
            // biome-ignore lint/suspicious/noArrayIndexKey: a part of the time is its index
            key={at}
            x={at}
            width={0.8}
            y={100 - (100 * received) / most}
            height={(100 * received) / most}
          />
        ),
      )}
    </svg>
  );
}

/** The keys of the bar: t opens it, n returns to now; while it is open space plays and 1 2 3 choose the speed. */
export function useTimeKeys(travel: Travel, isOpen: boolean, open: (isOpen: boolean) => void): void {
  useShortcut("t", () => open(!isOpen));
  useShortcut("n", travel.isPast ? () => travel.go(null) : undefined);
  useShortcut(" ", isOpen ? () => travel.play(travel.speed === null ? 1 : null) : undefined);
  useShortcut("1", isOpen ? () => travel.play(SPEEDS[0]) : undefined);
  useShortcut("2", isOpen ? () => travel.play(SPEEDS[1]) : undefined);
  useShortcut("3", isOpen ? () => travel.play(SPEEDS[2]) : undefined);
}
