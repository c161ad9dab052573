import styles from "./Skeleton.module.css";

/** The shape of a dashboard before its first answer; it appears only if that takes a moment. */
export function DashboardSkeleton({ figures }: { figures: number }) {
  return (
    <div className={styles.skeleton} aria-busy>
      <div className={styles.figures}>
        {Array.from({ length: figures }, (_, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike
          <span key={index} style={{ height: 92 }} />
        ))}
      </div>
      <span style={{ height: 340 }} />
    </div>
  );
}
