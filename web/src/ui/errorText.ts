import { ApiError } from "../api/client";
import { type Key, useText } from "../i18n";
import portuguese from "../i18n/pt-BR.json";

/** Says what failed in the console's own words, by the code of the problem; the server's are for programmers. */
export function useErrorText(): (error: unknown) => string {
  const text = useText();
  return (error) => {
    const known = error instanceof ApiError ? error : new ApiError(-1, "page", "");
    const own = `error.${known.code}`;
    const key: Key =
      own in portuguese
        ? (own as Key)
        : known.status === 503
          ? "error.away"
          : known.status === 422
            ? "error.invalid"
            : "error.other";
    return text(key, { code: known.code, permission: known.permission ?? "" });
  };
}
