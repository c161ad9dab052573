import { useCallback, useEffect, useRef, useState } from "react";
import { skew } from "../api/client";
import { useTimezone } from "../api/queries";
import type { Filters } from "../filters/filters";
import type { Change } from "../filters/useFilters";
import { ahead } from "./ahead";
import { FRAME_MS, instantOf, played, upcoming, within, written } from "./moments";

export const SPEEDS = [1, 10, 60] as const;
export type Speed = (typeof SPEEDS)[number];

const LATEST_MS = 250;

/** Now, by the server's clock. */
export function serverNow(): number {
  return Date.now() + skew.ms;
}

/**
 * Travel to past moments: `em` in the page's URL is where it is.
 *
 * A drag is one step of the browser's history, asks at most four times a second, and its last moment always counts. A play goes on only
 * when the answer to the moment before has come: it shows fewer moments rather than wrong ones, and ends at now. The answers to the next two
 * are fetched while one is shown.
 */
export function useTravel(filters: Filters, change: Change, isChanging: boolean) {
  const zone = useTimezone();
  const settled = instantOf(filters.em, filters.fuso ?? zone);
  const [dragged, setDragged] = useState<number | null>(null);
  const [speed, setSpeed] = useState<Speed | null>(null);
  const isStep = useRef(true);
  const sentAt = useRef(0);
  const last = useRef<ReturnType<typeof setTimeout>>(undefined);
  const shown = dragged ?? settled;

  const go = useCallback(
    (moment: number | null, replace = false) => {
      clearTimeout(last.current);
      const isNow = moment === null || moment >= serverNow() - 1_000;
      change({ em: isNow ? undefined : written(moment, zone) }, { replace });
    },
    [change, zone],
  );

  const drag = (moment: number) => {
    setSpeed(null);
    const at = within(moment, 0, serverNow());
    setDragged(at);
    clearTimeout(last.current);
    const wait = LATEST_MS - (Date.now() - sentAt.current);
    const send = () => {
      sentAt.current = Date.now();
      go(at, !isStep.current);
      isStep.current = false;
    };
    if (wait <= 0) send();
    else last.current = setTimeout(send, wait);
  };

  const release = () => {
    if (dragged === null) return;
    go(dragged, !isStep.current);
    isStep.current = true;
    setDragged(null);
  };

  const began = useRef({ at: 0, moment: 0 });
  const play = (next: Speed | null) => {
    if (next !== null && settled !== null) began.current = { at: Date.now(), moment: settled };
    setSpeed(settled === null ? null : next);
  };

  const latest = useRef({ go, isChanging, settled });
  latest.current = { go, isChanging, settled };
  useEffect(() => {
    if (speed === null) return;
    const timer = setInterval(() => {
      const { go, isChanging, settled } = latest.current;
      if (isChanging || settled === null) return;
      const clock = Date.now();
      const next = played(began.current, clock, speed, serverNow());
      if (next > settled) go(next, true);
      const later = upcoming(began.current, clock, speed, serverNow());
      ahead.set(later.map((moment) => written(moment, zone)));
    }, FRAME_MS / 4);
    return () => {
      clearInterval(timer);
      ahead.set([]);
    };
  }, [speed, zone]);
  useEffect(() => {
    if (settled === null) setSpeed(null);
  }, [settled]);
  useEffect(() => () => clearTimeout(last.current), []);

  return {
    filters,
    zone: filters.fuso ?? zone,
    moment: shown,
    isPast: filters.em !== undefined,
    drag,
    release,
    go,
    speed,
    play,
  };
}

export type Travel = ReturnType<typeof useTravel>;
