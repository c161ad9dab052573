/** A page of a list. `next`: the cursor of the next page, null on the last one. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/**
 * All items of a list, asked for page by page as they are used; all pages show the list as it was for the first one.
 *
 * `for await (const queue of every((cursor) => answerOf(atende.GET("/v1/queues", { params: { query: cursor } }))))`
 */
export async function* every<T>(page: (cursor: { cursor?: string }) => Promise<Page<T>>): AsyncGenerator<T, void, undefined> {
  let next: string | null = null;
  do {
    const { items, next: after }: Page<T> = await page(next === null ? {} : { cursor: next });
    yield* items;
    next = after;
  } while (next !== null);
}
