import { Button, Modal } from "@mantine/core";
import type { ReactNode } from "react";
import { instant } from "../figures/format";
import { type Key, type Text, useText } from "../i18n";
import portuguese from "../i18n/pt-BR.json";
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
          <Conflict of={of} />
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

/** Who has changed what since the form was opened: each field with what it is now and what was typed. */
function Conflict<V>({ of }: { of: ServerForm<V> }) {
  const text = useText();
  if (!of.theirs) return null;
  const { values, changed, change } = of.theirs;
  const typed = of.form.values as Record<string, unknown>;
  return (
    <div className={styles.changes}>
      <p>
        {change
          ? text("form.conflict.by", {
              who: change.actor_name || change.actor,
              at: instant(change.changed_at),
            })
          : text("form.conflict")}
      </p>
      <ul>
        {changed.map((field) => (
          <li key={field} data-changed={field}>
            {text("form.conflict.field", {
              field: labelOf(field, of, text),
              theirs: written(field, (values as Record<string, unknown>)[field], text),
              own: written(field, typed[field], text),
            })}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** What a field is called on the page. */
function labelOf<V>(field: string, of: ServerForm<V>, text: Text): string {
  const input = of.form.getInputNode(field as never) as HTMLInputElement | null;
  const known = `field.${field}`;
  return input?.labels?.[0]?.textContent ?? (known in portuguese ? text(known as Key) : field);
}

/** A value as a sentence has it. */
function written(field: string, value: unknown, text: Text): string {
  if (Array.isArray(value)) return value.map((one) => written("", one, text)).join(", ") || "–";
  if (typeof value === "number" && field.endsWith("_ms")) return `${value / 1000} ${text("form.seconds")}`;
  if (typeof value === "boolean") return text(value ? "form.yes" : "form.no");
  if (typeof value === "object" && value !== null) return JSON.stringify(value);
  return value === null || value === undefined || value === "" ? "–" : String(value);
}
