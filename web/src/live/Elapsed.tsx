import { useEffect, useRef } from "react";
import { skew } from "../api/client";
import { duration } from "../figures/format";

/** All clocks on the page, written by one timer into the document without a rendering. */
const clocks = new Map<HTMLElement, Clock>();
let timer: ReturnType<typeof setInterval> | undefined;

interface Clock {
  since: number;
  until: number | null;
  /** What it shows: reading it from the document costs more. */
  shown: string;
}

function write(element: HTMLElement, clock: Clock): void {
  const shown = duration((clock.until ?? Date.now() + skew.ms) - clock.since);
  if (clock.shown !== shown) element.textContent = shown;
  clock.shown = shown;
}

function writeAll(): void {
  for (const [element, clock] of clocks) write(element, clock);
}

/** The time since an instant, running. until: where it stops, because nothing newer is known. */
export function Elapsed({ since, until = null }: { since: string; until?: number | null }) {
  const element = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const own = element.current;
    if (!own) return;
    const clock = { since: Date.parse(since), until, shown: "" };
    clocks.set(own, clock);
    write(own, clock);
    timer ??= setInterval(writeAll, 1_000);
    return () => {
      clocks.delete(own);
      if (clocks.size === 0) {
        clearInterval(timer);
        timer = undefined;
      }
    };
  }, [since, until]);
  return <span className="num" ref={element} data-since={since} />;
}
