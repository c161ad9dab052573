import { Button } from "@mantine/core";
import { ApiError } from "../api/client";
import { useText } from "../i18n";
import { useErrorText } from "./errorText";
import { Notice } from "./Notice";

/** What failed, in the console's own words, with the id by which the server's log knows the request. */
export function ErrorBlock({ error, retry }: { error: unknown; retry?: () => void }) {
  const text = useText();
  const said = useErrorText();
  const id = error instanceof ApiError ? error.requestId : "";
  // What does not exist, or must not be seen, is the same when it is asked for again.
  const isFinal = error instanceof ApiError && (error.status === 404 || error.status === 403);
  return (
    <div role="alert">
      <Notice title={said(error)} hint={id && text("error.request", { id })}>
        {retry && !isFinal && (
          <Button variant="default" size="xs" onClick={retry}>
            {text("action.retry")}
          </Button>
        )}
      </Notice>
    </div>
  );
}
