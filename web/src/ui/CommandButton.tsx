import { Button, Modal } from "@mantine/core";
import { useState } from "react";
import { type Headers, type Receipt, useCommand } from "../api/commands";
import { useText } from "../i18n";
import { useErrorText } from "./errorText";
import styles from "./Form.module.css";
import { saved } from "./notify";

interface Props {
  label: string;
  /** What it is called, where the words beside it say the rest of it. */
  name?: string;
  send: (headers: Headers) => Promise<Receipt | undefined>;
  onSaved?: (done: Receipt | undefined) => void;
  /** What happens, said before it does; without it the button acts at once. */
  ask?: string;
  isDanger?: boolean;
}

/** A button that sends a command: busy meanwhile, and what is refused is said beside it. */
export function CommandButton({ label, name = label, send, onSaved, ask, isDanger }: Props) {
  const text = useText();
  const said = useErrorText();
  const [isAsking, setAsking] = useState(false);
  const command = useCommand<null>(
    (_, headers) => send(headers),
    (done) => {
      setAsking(false);
      saved(text("form.done", { what: name }));
      onSaved?.(done);
    },
  );
  const go = () => !command.isPending && command.mutate(null);
  const problem = command.error && (
    <span className={styles.problem} role="alert">
      {said(command.error)}
    </span>
  );
  return (
    <>
      <Button
        variant="default"
        size="xs"
        loading={command.isPending && !ask}
        aria-label={name}
        onClick={() => {
          command.reset();
          if (ask) setAsking(true);
          else go();
        }}
      >
        {label}
      </Button>
      {!ask && problem}
      {ask && (
        <Modal
          opened={isAsking}
          onClose={() => setAsking(false)}
          title={label}
          closeButtonProps={{ "aria-label": text("form.close") }}
        >
          <div className={styles.stack}>
            <p className="muted" style={{ margin: 0 }}>
              {ask}
            </p>
            {problem}
            <div className={styles.buttons}>
              <Button variant="default" size="sm" data-autofocus onClick={() => setAsking(false)}>
                {text("form.cancel")}
              </Button>
              <Button size="sm" color={isDanger ? "red" : undefined} loading={command.isPending} onClick={go}>
                {label}
              </Button>
            </div>
          </div>
        </Modal>
      )}
    </>
  );
}
