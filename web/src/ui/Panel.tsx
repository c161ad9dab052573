import { type ReactNode, useId } from "react";
import styles from "./Panel.module.css";

/** A titled block of a page. actions: what stands at its right. */
export function Panel({
  title,
  actions,
  children,
  wide,
}: {
  title: string;
  actions?: ReactNode;
  children: ReactNode;
  wide?: boolean;
}) {
  const id = useId();
  return (
    <section className={styles.panel} aria-labelledby={id} data-wide={wide || undefined}>
      <div className={styles.head}>
        <h2 id={id}>{title}</h2>
        {actions && <div className={styles.actions}>{actions}</div>}
      </div>
      {children}
    </section>
  );
}
