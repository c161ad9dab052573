import { useEffect, useRef, useSyncExternalStore } from "react";

type Action = () => void;

/** What each key does on the page that is shown: of several, the one that was mounted last. `g i` is `g`, then `i`. */
const actions = new Map<string, Action[]>();
const PAUSE_MS = 1_500;
const STORED = "atende-keys";
const listeners = new Set<() => void>();

/** Whether single keys do something in this browser. */
export function areKeysOn(): boolean {
  return localStorage.getItem(STORED) !== "off";
}

export function switchKeys(isOn: boolean): void {
  localStorage.setItem(STORED, isOn ? "on" : "off");
  for (const listener of listeners) listener();
}

export function useKeysOn(): boolean {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, areKeysOn);
}

/** Lets a key do something while the component is shown; nothing without an action. */
export function useShortcut(key: string, action: Action | undefined): void {
  const newest = useRef(action);
  newest.current = action;
  const isSet = action !== undefined;
  useEffect(() => {
    if (!isSet) return;
    const own = () => newest.current?.();
    actions.set(key, [...(actions.get(key) ?? []), own]);
    return () => {
      actions.set(key, actions.get(key)?.filter((other) => other !== own) ?? []);
    };
  }, [key, isSet]);
}

const TYPING =
  "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true], [role=combobox]";

/** Runs the shortcuts of a document. Returns how to stop it. Keys are left alone while somebody types, and below a dialog. */
export function listen(target: Document): () => void {
  let before = { key: "", at: 0 };
  const onKeyDown = (event: KeyboardEvent) => {
    const origin = event.target as HTMLElement | null;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !areKeysOn()) return;
    if (origin?.closest?.(TYPING) || target.querySelector("[role=dialog], [role=menu]")) return;
    if (event.key === " " && origin?.closest?.("button, a, summary")) return;
    const isSecond = before.key !== "" && event.timeStamp - before.at < PAUSE_MS;
    const name = isSecond ? `${before.key} ${event.key}` : event.key;
    before = { key: "", at: 0 };
    const action = actions.get(name)?.at(-1);
    if (action) {
      event.preventDefault();
      action();
    } else if ([...actions].some(([key, own]) => own.length > 0 && key.startsWith(`${name} `))) {
      before = { key: name, at: event.timeStamp };
    }
  };
  target.addEventListener("keydown", onKeyDown);
  return () => target.removeEventListener("keydown", onKeyDown);
}
