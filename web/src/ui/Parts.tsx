import type { ReactNode } from "react";
import styles from "./Parts.module.css";

export interface Part {
  /** Names the colour. */
  kind: string;
  name: string;
  /** How much of the whole it is. */
  size: number;
  value: ReactNode;
  /** More about it, less loud: who it was. */
  hint?: string;
}

/** What a whole consists of: one bar, and below it each part with its name and its value, in rows if there is room for them. */
export function Parts({ parts, inRows }: { parts: readonly Part[]; inRows?: boolean }) {
  return (
    <>
      <div className={styles.bar} aria-hidden>
        {parts.map((part, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: parts have no other name than their place
          <span key={index} data-part={part.kind} style={{ flexGrow: part.size }} />
        ))}
      </div>
      <ul className={styles.parts} data-rows={inRows}>
        {parts.map((part, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: parts have no other name than their place
          <li key={index}>
            <span className={styles.key} data-part={part.kind} aria-hidden />
            {part.name} {part.hint && <span className="muted">{part.hint}</span>}{" "}
            <strong className="num" data-figure={part.kind}>
              {part.value}
            </strong>
          </li>
        ))}
      </ul>
    </>
  );
}
