export type Mark = "ok" | "breach" | "available" | "talking" | "ringing" | "wrap-up" | "paused" | "offline";

const COLOURS: Record<Mark, string> = {
  ok: "var(--mark-ok)",
  breach: "var(--mark-breach)",
  available: "var(--mark-ok)",
  ringing: "var(--mark-ok)",
  talking: "var(--mark-call)",
  "wrap-up": "var(--mark-wrap)",
  paused: "var(--mark-pause)",
  offline: "var(--mark-off)",
};

/** A state as a shape in a colour: the shape tells it without the colour, and a word stands beside it. */
export function StateMark({ state, size = 12 }: { state: Mark; size?: number }) {
  const colour = COLOURS[state];
  return (
    <svg width={size} height={size} viewBox="0 0 12 12" aria-hidden style={{ flex: "none" }} fill={colour}>
      {(state === "ok" || state === "available") && <circle cx="6" cy="6" r="5" />}
      {state === "ringing" && (
        <g fill="none" stroke={colour} strokeWidth="1.6">
          <circle cx="6" cy="6" r="1.8" fill={colour} stroke="none" />
          <circle cx="6" cy="6" r="4.9" />
        </g>
      )}
      {state === "talking" && <rect x="1" y="1" width="10" height="10" rx="1.5" />}
      {state === "wrap-up" && <path d="M6 .5 11.5 6 6 11.5.5 6z" />}
      {state === "paused" && <path d="M2 1h3v10H2zM7 1h3v10H7z" />}
      {state === "offline" && <circle cx="6" cy="6" r="4.2" fill="none" stroke={colour} strokeWidth="1.8" />}
      {state === "breach" && (
        // The stroke and its dot are holes: what is behind the mark is seen through them, whatever its colour.
        <path
          fillRule="evenodd"
          d="M3.6.5h4.8l3.1 3.1v4.8l-3.1 3.1H3.6L.5 8.4V3.6zM5.3 2.6h1.4v4.2H5.3zM5.3 7.9h1.4v1.5H5.3z"
        />
      )}
    </svg>
  );
}
