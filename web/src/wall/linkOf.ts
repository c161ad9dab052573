/** The address that a device opens once to be a screen. The token is in the fragment, which no server sees. */
export function linkOf(token: unknown): string {
  return token ? `${location.origin}/mural#${token}` : "";
}
