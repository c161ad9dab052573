import { useSyncExternalStore } from "react";

const paper = matchMedia("print");

function subscribe(listener: () => void): () => void {
  paper.addEventListener("change", listener);
  return () => paper.removeEventListener("change", listener);
}

/** Whether the page is being printed: then nothing is scrolled, and a chart is a table. */
export function usePrinting(): boolean {
  return useSyncExternalStore(subscribe, () => paper.matches);
}
