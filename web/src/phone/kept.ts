/**
 * Whose phone this tab is: kept as long as the tab, so that the phone comes back by itself when the page is loaded again. The user is kept
 * beside the agent: whoever signs in after somebody else is not that one's phone.
 */
const STORED = "atende-phone-on";

interface Kept {
  agent: string;
  user: string;
}

export function keep(kept: Kept | null): void {
  if (kept) sessionStorage.setItem(STORED, JSON.stringify(kept));
  else sessionStorage.removeItem(STORED);
}

/** The agent whose phone this tab was when its page was left, if the user is the same; "" for none. */
export function keptAgent(user: string): string {
  const kept: Kept | null = JSON.parse(sessionStorage.getItem(STORED) ?? "null");
  return kept?.user === user ? kept.agent : "";
}
