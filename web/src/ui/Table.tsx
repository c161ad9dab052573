import { useMediaQuery } from "@mantine/hooks";
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, type ReactNode, useEffect, useRef } from "react";
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
  /** Begins another group of columns: what stands before it belongs together. */
  begins?: boolean;
}

interface Props<T> {
  name: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  keyOf: (row: T) => string;
  /** The largest height, pixels; a longer table is scrolled, and only the rows in sight are in the document. */
  height?: number;
  /** It is what its page is about: it may be as high as the window has room for. */
  isMain?: boolean;
  empty: string;
}

const ROW = 36;
const LINE = 30;
const CARD_PADDING = 17;
const MOST_COLUMNS = 4;
/** The least height of the table that a page is about, and what stands above and below it in a window. */
const MAIN = 480;
const AROUND = 350;
/** Cards have the whole window but its header: of a card most is in sight. */
const AROUND_CARDS = 96;
/** So many cards are shown one below the other, as the page goes on: a finger does not scroll a box within it. */
const WHOLE = 12;

/** A table in a box of its own that is scrolled by mouse and by keys. On a phone each row of a wide table is a card: a line per column. */
export function Table<T>({ name, columns, rows, keyOf, height = 480, isMain, empty }: Props<T>) {
  const scroller = useRef<HTMLDivElement>(null);
  const isPhone = useMediaQuery("(max-width: 599px)", undefined, { getInitialValueInEffect: false });
  const isCards = isPhone === true && columns.length > MOST_COLUMNS;
  const size = isCards ? columns.length * LINE + CARD_PADDING : ROW;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => size,
    overscan: 10,
    initialRect: { width: 800, height },
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another size is why it measures again
  useEffect(() => virtual.measure(), [virtual, size]);
  const isPrinted = usePrinting();
  const isWhole = isPrinted || (isCards && rows.length <= WHOLE);
  const seen = virtual.getVirtualItems();
  const items = isWhole ? rows.map((_, index) => ({ index })) : seen;
  const before = isWhole ? 0 : (seen[0]?.start ?? 0);
  const after = isWhole ? 0 : virtual.getTotalSize() - (seen.at(-1)?.end ?? 0);
  const most = isMain || isCards ? `max(${MAIN}px, calc(100dvh - ${isCards ? AROUND_CARDS : AROUND}px))` : height;
  const box = { maxHeight: isWhole ? undefined : most };
  if (rows.length === 0) return <p className={styles.empty}>{empty}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what can be scrolled must be reached by keys
    <section className={styles.scroller} ref={scroller} style={box} tabIndex={0} aria-label={name}>
      <table
        className={styles.table}
        data-cards={isCards || undefined}
        role={isCards ? "table" : undefined}
        aria-label={name}
        aria-rowcount={rows.length + 1}
      >
        <thead role={isCards ? "rowgroup" : undefined}>
          <tr role={isCards ? "row" : undefined} aria-rowindex={1}>
            {columns.map((column) => (
              <th
                key={column.key}
                role={isCards ? "columnheader" : undefined}
                scope="col"
                data-number={column.isNumber || undefined}
                data-pinned={column.isPinned || undefined}
                data-begins={column.begins || undefined}
                style={{ minWidth: column.width }}
              >
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role={isCards ? "rowgroup" : undefined}>
          {before > 0 && <tr aria-hidden style={{ height: before }} />}
          {items.map(({ index }) => {
            const row = rows[index] as T;
            const key = keyOf(row);
            return (
              <TableRow
                key={key}
                name={key}
                row={row}
                columns={columns}
                index={index}
                isCard={isCards}
                // A line of a card is as high as its text.
                measure={isCards && !isWhole ? virtual.measureElement : undefined}
              />
            );
          })}
          {after > 0 && <tr aria-hidden style={{ height: after }} />}
        </tbody>
      </table>
    </section>
  );
}

interface RowProps<T> {
  name: string;
  row: T;
  columns: readonly Column<T>[];
  index: number;
  isCard: boolean;
  measure?: (row: HTMLTableRowElement | null) => void;
}

/** Drawn anew only if the row or the columns are other objects: a table that moves keeps both (`useMemo`). */
const TableRow = memo(function TableRow({ name, row, columns, index, isCard, measure }: RowProps<unknown>) {
  return (
    <tr
      ref={measure}
      data-index={index}
      role={isCard ? "row" : undefined}
      tabIndex={-1}
      aria-rowindex={index + 2}
      data-key={name}
      onKeyDown={(event) => {
        if (event.key === "Enter" && event.target === event.currentTarget)
          event.currentTarget.querySelector("a")?.click();
      }}
    >
      {columns.map((column) => (
        <td
          key={column.key}
          role={isCard ? "cell" : undefined}
          data-title={isCard ? column.title : undefined}
          data-column={column.key}
          data-number={column.isNumber || undefined}
          data-pinned={column.isPinned || undefined}
          data-begins={column.begins || undefined}
        >
          {column.cell(row)}
        </td>
      ))}
    </tr>
  );
}) as <T>(props: RowProps<T>) => ReactNode;
