import { useEffect, useState } from "react";

/** Whether nobody has moved the pointer or pressed a key for so many milliseconds. */
export function useStillness(ms: number): boolean {
  const [isStill, setStill] = useState(false);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const moved = () => {
      setStill(false);
      clearTimeout(timer);
      timer = setTimeout(() => setStill(true), ms);
    };
    moved();
    const kinds = ["pointermove", "pointerdown", "keydown", "focusin"];
    for (const kind of kinds) addEventListener(kind, moved, { passive: true });
    return () => {
      clearTimeout(timer);
      for (const kind of kinds) removeEventListener(kind, moved);
    };
  }, [ms]);
  return isStill;
}
