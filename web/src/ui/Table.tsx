import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useRef } from "react";
import styles from "./Table.module.css";
import { usePrinting } from "./usePrinting";

export interface Column<T> {
  key: string;
  title: string;
  cell: (row: T) => ReactNode;
  isNumber?: boolean;
  /** Stays in sight while the table is scrolled sideways. */
  isPinned?: boolean;
  width?: number;
}

interface Props<T> {
  name: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  keyOf: (row: T) => string;
  /** The largest height, pixels; a longer table is scrolled, and only the rows in sight are in the document. */
  height?: number;
  empty: string;
}

const ROW = 36;

/** A table in a box of its own that is scrolled by mouse and by keys. */
export function Table<T>({ name, columns, rows, keyOf, height = 480, empty }: Props<T>) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 10,
    initialRect: { width: 800, height },
  });
  const isPrinted = usePrinting();
  const seen = virtual.getVirtualItems();
  const items = isPrinted ? rows.map((_, index) => ({ index })) : seen;
  const before = isPrinted ? 0 : (seen[0]?.start ?? 0);
  const after = isPrinted ? 0 : virtual.getTotalSize() - (seen.at(-1)?.end ?? 0);
  const box = { maxHeight: isPrinted ? undefined : height };
  if (rows.length === 0) return <p className={styles.empty}>{empty}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what can be scrolled must be reached by keys
    <section className={styles.scroller} ref={scroller} style={box} tabIndex={0} aria-label={name}>
      <table className={styles.table} aria-rowcount={rows.length + 1}>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <th
                key={column.key}
                scope="col"
                data-number={column.isNumber || undefined}
                data-pinned={column.isPinned || undefined}
                style={{ minWidth: column.width }}
              >
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {before > 0 && <tr aria-hidden style={{ height: before }} />}
          {items.map(({ index }) => {
            const row = rows[index] as T;
            return (
              <tr
                key={keyOf(row)}
                tabIndex={-1}
                aria-rowindex={index + 2}
                data-key={keyOf(row)}
                onKeyDown={(event) => {
                  if (event.key === "Enter" && event.target === event.currentTarget)
                    event.currentTarget.querySelector("a")?.click();
                }}
              >
                {columns.map((column) => (
                  <td
                    key={column.key}
                    data-column={column.key}
                    data-number={column.isNumber || undefined}
                    data-pinned={column.isPinned || undefined}
                  >
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            );
          })}
          {after > 0 && <tr aria-hidden style={{ height: after }} />}
        </tbody>
      </table>
    </section>
  );
}
