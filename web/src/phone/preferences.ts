import { useSyncExternalStore } from "react";

/** What this browser has chosen for its phone. microphone, speaker: ids of devices, "" = the usual ones. */
export interface Preferences {
  microphone: string;
  speaker: string;
  /** Whether the browser removes echo and noise. Off, everything is sent as the microphone hears it. */
  isCleaned: boolean;
}

const STORED = "atende-phone";
const listeners = new Set<() => void>();

function read(): Preferences {
  const usual: Preferences = { microphone: "", speaker: "", isCleaned: true };
  try {
    return { ...usual, ...JSON.parse(localStorage.getItem(STORED) ?? "{}") };
  } catch {
    return usual;
  }
}

let current = read();

export const preferences = () => current;

export function prefer(changed: Partial<Preferences>): void {
  current = { ...current, ...changed };
  localStorage.setItem(STORED, JSON.stringify(current));
  for (const listener of listeners) listener();
}

export function onPreference(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(onPreference, preferences);
}

/** The microphone that was chosen, or the usual one where it is not there any more. */
export function microphoneOf({ microphone, isCleaned }: Preferences): MediaTrackConstraints {
  return {
    ...(microphone && { deviceId: { ideal: microphone } }),
    echoCancellation: isCleaned,
    noiseSuppression: isCleaned,
    autoGainControl: isCleaned,
  };
}
