/**
 * The policy of this page (CSP) lets it connect to the PBX only if its browser has had a phone there before the page was loaded: nobody
 * else reads the address. The first time, the page is loaded again, and the phone is switched on again by itself.
 */
const STORED = "atende-phone-again";

interface Again {
  agent: string;
  address: string;
}

function read(): Again | null {
  try {
    return JSON.parse(sessionStorage.getItem(STORED) ?? "null");
  } catch {
    return null;
  }
}

/** For whom the page was loaded again. */
let waiting = read()?.agent ?? "";

/** Whether the phone of this agent was being switched on when the page was loaded again; true once. */
export function goesOn(agent: string): boolean {
  if (waiting !== agent) return false;
  waiting = "";
  return true;
}

/** The page may connect: the next time that it may not, it is loaded again. */
export const connected = () => sessionStorage.removeItem(STORED);

/** Load the page again if it may not connect to the address; once. Returns what ends the watch. */
export function loadAgainIfBarred(address: string, agent: string, load = () => location.reload()): () => void {
  const barred = ({ effectiveDirective, blockedURI }: SecurityPolicyViolationEvent) => {
    if (effectiveDirective !== "connect-src" || hostOf(blockedURI) !== hostOf(address)) return;
    if (read()?.address === address) return;
    sessionStorage.setItem(STORED, JSON.stringify({ agent, address } satisfies Again));
    load();
  };
  document.addEventListener("securitypolicyviolation", barred);
  return () => document.removeEventListener("securitypolicyviolation", barred);
}

function hostOf(address: string): string {
  return URL.canParse(address) ? new URL(address).host : "";
}
