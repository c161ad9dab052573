import { useEffect, useRef } from "react";
import { skew } from "../api/client";
import { duration } from "../figures/format";

/** All clocks on the page, written by one timer into the document without a rendering. */
const clocks = new Map<HTMLElement, { since: number; until: number | null }>();
let timer: ReturnType<typeof setInterval> | undefined;

function write(): void {
  const now = Date.now() + skew.ms;
  for (const [element, { since, until }] of clocks) {
    const shown = duration((until ?? now) - since);
    if (element.textContent !== shown) element.textContent = shown;
  }
}

/** The time since an instant, running. until: where it stops, because nothing newer is known. */
export function Elapsed({ since, until = null }: { since: string; until?: number | null }) {
  const element = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const own = element.current;
    if (!own) return;
    clocks.set(own, { since: Date.parse(since), until });
    write();
    timer ??= setInterval(write, 1_000);
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
