import { Button, Modal } from "@mantine/core";
import { useState } from "react";
import { useText } from "../i18n";
import styles from "./Form.module.css";

/** A secret that is shown this once: it is nowhere else, so closing asks for nothing but says it. */
export function OneTime({
  title,
  hint,
  secret,
  close,
}: {
  title: string;
  hint: string;
  secret: string;
  close: () => void;
}) {
  const text = useText();
  const [isCopied, setCopied] = useState(false);
  return (
    <Modal
      opened={secret !== ""}
      onClose={close}
      closeOnClickOutside={false}
      title={title}
      size="lg"
      closeButtonProps={{ "aria-label": text("form.close") }}
    >
      <div className={styles.stack}>
        <p className="muted" style={{ margin: 0 }}>
          {hint}
        </p>
        <input
          className={styles.secret}
          readOnly
          data-autofocus
          value={secret}
          aria-label={title}
          onFocus={(event) => event.target.select()}
        />
        <div className={styles.buttons}>
          {navigator.clipboard && (
            <Button
              variant="default"
              onClick={() => void navigator.clipboard.writeText(secret).then(() => setCopied(true))}
            >
              {text(isCopied ? "action.link.copied" : "once.copy")}
            </Button>
          )}
          <Button onClick={close}>{text("filters.done")}</Button>
        </div>
      </div>
    </Modal>
  );
}
