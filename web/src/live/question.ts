/** A question as `GET /v1/watch` takes it: the path with its parameters in one order, so that equal questions are equal texts. */
export function questionText(path: string, query: object): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query).sort(([a], [b]) => (a < b ? -1 : 1)))
    for (const one of [value].flat()) if (one != null) parameters.append(key, String(one));
  return parameters.size ? `${path}?${parameters}` : path;
}
