import { useEffect, useState } from "react";
import { session, useSession, WALL } from "../api/session";

/**
 * Who shows the wall: a user who is signed in, or the screen that this device is. `away`: the server does not answer yet; `nobody`: neither;
 * `ended`: the user's session is over; `revoked`: the device is no screen any more; `used`, `expired`: the link in the address makes it none.
 */
export type WallSession = "starting" | "away" | "in" | "nobody" | "ended" | "revoked" | "used" | "expired";

const AGAIN_MS = 5_000;

/** The token of a screen's link. It is in the fragment of the address, which no server sees, and leaves it at once. */
function tokenOfLink(): string {
  const token = location.hash.slice(1);
  if (token) history.replaceState(history.state, "", location.pathname + location.search);
  return token;
}

let link = tokenOfLink();
addEventListener("hashchange", () => location.pathname === WALL && location.hash && location.reload());

async function connected(): Promise<WallSession | null> {
  const answer = link ? await session.connect(link) : null;
  if (answer && answer.status !== 409 && answer.status !== 422) return "away";
  // The server has settled it. A device without a connection tries the same link again.
  link = "";
  if (!answer) return null;
  const { type } = await answer.json().catch(() => ({ type: "" }));
  return String(type).endsWith("link-expired") ? "expired" : "used";
}

/** Whether only time, or the server, can change it. */
function isOpen(refusal: WallSession | null): boolean {
  if (session.state === "in" || refusal === "used" || refusal === "expired") return false;
  return session.state === "unknown" || refusal === "away" || session.state === "gone";
}

export function useWallSession(): WallSession {
  const state = useSession();
  const [refusal, setRefusal] = useState<WallSession | null>(null);
  useEffect(() => {
    let found: WallSession | null = null;
    const start = async () => {
      try {
        found = await connected();
        // A device that always starts at its link has used it long ago, and is the screen.
        if (found !== "away") await session.startWall();
        if (session.state === "unknown") found = "away";
      } catch {
        found = "away";
      }
      setRefusal(found);
    };
    void start();
    const timer = setInterval(() => isOpen(found) && void start(), AGAIN_MS);
    return () => clearInterval(timer);
  }, []);
  if (state === "in") return "in";
  if (refusal) return refusal;
  if (state === "out") return session.endedScreen ? "revoked" : "nobody";
  return state === "gone" ? "ended" : "starting";
}
