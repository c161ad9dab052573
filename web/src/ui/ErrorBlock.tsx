import { Button } from "@mantine/core";
import { ApiError } from "../api/client";
import { type Key, useText } from "../i18n";
import portuguese from "../i18n/pt-BR.json";
import { Notice } from "./Notice";

/** What failed, in the console's own words, with the id by which the server's log knows the request. */
export function ErrorBlock({ error, retry }: { error: unknown; retry?: () => void }) {
  const text = useText();
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
  return (
    <div role="alert">
      <Notice
        title={text(key, { code: known.code, permission: known.permission ?? "" })}
        hint={known.requestId && text("error.request", { id: known.requestId })}
      >
        {retry && (
          <Button variant="default" size="xs" onClick={retry}>
            {text("action.retry")}
          </Button>
        )}
      </Notice>
    </div>
  );
}
