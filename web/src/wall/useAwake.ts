import { useEffect } from "react";

/** Keep the display on while the page is visible. Only browsers with a secure line (https) allow it; elsewhere the device must be set so. */
export function useAwake(): void {
  useEffect(() => {
    let lock: WakeLockSentinel | null = null;
    const hold = () => {
      if (document.visibilityState !== "visible" || !navigator.wakeLock) return;
      navigator.wakeLock.request("screen").then(
        (held) => {
          lock = held;
        },
        () => null,
      );
    };
    hold();
    document.addEventListener("visibilitychange", hold);
    return () => {
      document.removeEventListener("visibilitychange", hold);
      void lock?.release();
    };
  }, []);
}
