import type { ReactNode } from "react";
import styles from "./Notice.module.css";

/** One sentence in the middle of a place that has nothing else to show, and the nearest thing to do. heading: it is the title of the page. */
export function Notice({
  title,
  hint,
  heading,
  children,
}: {
  title: string;
  hint?: string;
  heading?: boolean;
  children?: ReactNode;
}) {
  return (
    <div className={styles.notice}>
      {heading ? <h1>{title}</h1> : <p className={styles.title}>{title}</p>}
      {hint && <p className="muted">{hint}</p>}
      {children}
    </div>
  );
}
