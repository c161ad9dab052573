/**
 * Lets one tab of the browser be an agent's phone: two would take each other's calls. `held` is called when this tab has it, at once or
 * when the tab that has it is closed. Returns how to give it back.
 */
export function onlyTab(agent: string, held: () => void, waits: () => void): () => void {
  const ending = new AbortController();
  let release: () => void = () => undefined;
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  const name = `atende-phone-${agent}`;
  const have = () => {
    if (ending.signal.aborted) return;
    held();
    return until;
  };
  void navigator.locks
    .request(name, { ifAvailable: true }, (lock) => {
      if (lock) return have();
      waits();
      void navigator.locks.request(name, { signal: ending.signal }, have).catch(() => undefined);
    })
    .catch(() => undefined);
  return () => {
    ending.abort();
    release();
  };
}
