import { Button } from "@mantine/core";
import type { ErrorComponentProps } from "@tanstack/react-router";
import { useText } from "../i18n";
import { Notice } from "./Notice";

/** In the place of a page that cannot be drawn, by a fault of the console; the menu and the telephone go on. */
export function FailedPage({ reset }: Pick<ErrorComponentProps, "reset">) {
  const text = useText();
  return (
    <div role="alert" style={{ padding: 24 }}>
      <Notice title={text("app.failed")} hint={text("app.failed.hint")} heading>
        <Button variant="default" size="xs" onClick={reset}>
          {text("action.retry")}
        </Button>
      </Notice>
    </div>
  );
}
