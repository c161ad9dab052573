import type { ReactNode } from "react";
import styles from "./Facts.module.css";

export type Fact = readonly [term: string, value: ReactNode];

/** What is known of a thing, each with its name; a dash where nothing is. */
export function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl className={styles.facts}>
      {facts.map(([term, value]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd className="num">{value || "–"}</dd>
        </div>
      ))}
    </dl>
  );
}
