import { Button, Modal } from "@mantine/core";
import type { ReactNode } from "react";
import { useText } from "../i18n";
import "./forms.css";
import styles from "./Form.module.css";
import type { ServerForm } from "./useServerForm";

interface Props<V> {
  of: ServerForm<V>;
  /** What the button says; "Salvar" without it. */
  action?: string;
  /** Whether nothing can be changed, because a permission is missing. */
  isReadOnly?: boolean;
  children: ReactNode;
}

/** The frame of a form: its fields, what is wrong, the button that saves, and the question about changes that would be lost. */
export function ServerFormView<V>({ of, action, isReadOnly, children }: Props<V>) {
  const text = useText();
  return (
    <form
      className={styles.form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        of.send();
      }}
    >
      <fieldset className={styles.fields} disabled={isReadOnly}>
        {children}
      </fieldset>
      {of.theirs && (
        <div className={styles.conflict} role="alert">
          <p>{text("form.conflict")}</p>
          <Button size="xs" variant="default" onClick={of.takeTheirs}>
            {text("form.conflict.reload")}
          </Button>
          <Button size="xs" variant="default" onClick={of.overwrite}>
            {text("form.conflict.overwrite")}
          </Button>
        </div>
      )}
      {of.problem && (
        <p className={styles.problem} role="alert">
          {of.problem}
        </p>
      )}
      {!isReadOnly && (
        <div className={styles.buttons}>
          <Button type="submit" size="sm" loading={of.isBusy} disabled={!of.isDirty}>
            {action ?? text("form.save")}
          </Button>
          {of.isDirty && <span className="hint">{text("form.unsaved")}</span>}
        </div>
      )}
      <Modal
        opened={of.blocker.status === "blocked"}
        onClose={() => of.blocker.reset?.()}
        title={text("form.leave")}
        closeButtonProps={{ "aria-label": text("form.close") }}
      >
        <p className="muted">{text("form.leave.hint")}</p>
        <div className={styles.buttons}>
          <Button size="sm" variant="default" data-autofocus onClick={() => of.blocker.reset?.()}>
            {text("form.stay")}
          </Button>
          <Button size="sm" color="red" onClick={() => of.blocker.proceed?.()}>
            {text("form.discard")}
          </Button>
        </div>
      </Modal>
    </form>
  );
}
