/** The moments that a play shows next, as the URL has them: their answers are asked for before they are wanted. */
let moments: readonly string[] = [];
const listeners = new Set<() => void>();

export const ahead = {
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },

  moments: (): readonly string[] => moments,

  set(next: readonly string[]): void {
    if (next.join() === moments.join()) return;
    moments = next;
    for (const listener of listeners) listener();
  },
};
