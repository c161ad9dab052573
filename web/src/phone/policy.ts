/**
 * The policy of this page (CSP) lets it connect to the PBX only if its browser has had a phone there before the page was loaded: nobody
 * else reads the address. The first time, the page is loaded again, and the phone comes back as after any reload.
 */
const STORED = "atende-phone-address";

/** The page may connect: the next time that it may not, it is loaded again. */
export const connected = () => sessionStorage.removeItem(STORED);

/** Load the page again if it may not connect to the address; once. Returns what ends the watch. */
export function loadAgainIfBarred(address: string, load = () => location.reload()): () => void {
  const barred = ({ effectiveDirective, blockedURI }: SecurityPolicyViolationEvent) => {
    if (effectiveDirective !== "connect-src" || hostOf(blockedURI) !== hostOf(address)) return;
    if (sessionStorage.getItem(STORED) === address) return;
    sessionStorage.setItem(STORED, address);
    load();
  };
  document.addEventListener("securitypolicyviolation", barred);
  return () => document.removeEventListener("securitypolicyviolation", barred);
}

function hostOf(address: string): string {
  return URL.canParse(address) ? new URL(address).host : "";
}
