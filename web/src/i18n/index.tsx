import { type ReactNode, useCallback, useEffect, useState, useSyncExternalStore } from "react";
import { IntlProvider, useIntl } from "react-intl";
import portuguese from "./pt-BR.json";

export type Language = "pt-BR" | "en";
export type Key = keyof typeof portuguese;

const STORED = "atende-language";
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function language(): Language {
  return localStorage.getItem(STORED) === "en" ? "en" : "pt-BR";
}

export function chooseLanguage(chosen: Language): void {
  localStorage.setItem(STORED, chosen);
  document.documentElement.lang = chosen;
  for (const listener of listeners) listener();
}

/** The texts of the chosen language; Portuguese is there at once, English is loaded when it is wanted. */
export function Texts({ children }: { children: ReactNode }) {
  const chosen = useSyncExternalStore(subscribe, language);
  const [english, setEnglish] = useState<Record<Key, string> | null>(null);
  useEffect(() => {
    if (chosen === "en" && !english) import("./en.json").then((module) => setEnglish(module.default));
  }, [chosen, english]);
  if (chosen === "en" && !english) return null;
  return (
    <IntlProvider locale={chosen} messages={chosen === "en" && english ? english : portuguese}>
      {children}
    </IntlProvider>
  );
}

/** Returns the text of a key, with its values. */
export type Text = (key: Key, values?: Record<string, string | number>) => string;

export function useText(): Text {
  const intl = useIntl();
  return useCallback((key, values) => intl.formatMessage({ id: key }, values), [intl]);
}

export function useLanguage(): Language {
  return useIntl().locale as Language;
}
