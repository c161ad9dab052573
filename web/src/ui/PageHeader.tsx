import type { ReactNode } from "react";
import type { Line } from "../live/useLive";
import { LineState } from "./LineState";
import styles from "./PageHeader.module.css";
import { useTitleFocus } from "./useTitleFocus";

/** The title of a page, the state of its line, and what can be done with it. */
export function PageHeader({
  title,
  line,
  moment,
  children,
}: {
  title: string;
  line?: Line;
  moment?: string;
  children?: ReactNode;
}) {
  const heading = useTitleFocus();
  return (
    <div className={styles.header}>
      <title>{`${line?.state === "past" ? "■ " : ""}${title} · Atende`}</title>
      <h1 tabIndex={-1} ref={heading}>
        {title}
      </h1>
      {line && <LineState line={line} moment={moment ?? ""} />}
      {children && <div className={styles.actions}>{children}</div>}
    </div>
  );
}

/** A thin line while an answer to new filters is awaited; the old figures stay. */
export function Progress({ on }: { on: boolean }) {
  return <div className={styles.progress} data-on={on || undefined} aria-hidden />;
}
