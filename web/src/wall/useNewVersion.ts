import { useEffect, useRef } from "react";

const EVERY_MS = 10 * 60_000;

/** Load the page again when the server has another version of the console: nobody stands at a wall to do it. Only while the server answers. */
export function useNewVersion(isLive: boolean): void {
  const live = useRef(isLive);
  live.current = isLive;
  useEffect(() => {
    let first: string | null = null;
    const look = async () => {
      const answer = await fetch("/", { method: "HEAD", cache: "no-cache" }).catch(() => null);
      const version = answer?.ok ? answer.headers.get("etag") : null;
      first ??= version;
      if (version && version !== first && live.current) location.reload();
    };
    void look();
    const timer = setInterval(() => void look(), EVERY_MS);
    return () => clearInterval(timer);
  }, []);
}
