import { NativeSelect, NumberInput, Switch, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Schemas } from "../api/client";
import { queues } from "../api/queries";
import { useText } from "../i18n";
import { SecondsInput, secondsOf } from "./Fields";
import styles from "./Form.module.css";
import { Hours } from "./IvrHours";
import { Messages } from "./IvrMessages";
import { Add, Remove } from "./IvrRows";
import { ServerFormView } from "./ServerFormView";
import { useServerForm } from "./useServerForm";

export type Ivr = Schemas["IvrDetail"];
export type IvrSettings = Omit<Ivr, "id" | "version">;
export type FormOf = { form: UseFormReturnType<IvrSettings> };

const SILENCE: Ivr["welcome"] = { text: "", voice: "", file: "" };
const DIGITS = [..."0123456789*#"];

export const NEW: IvrSettings = {
  name: "",
  country: "55",
  area_code: "",
  number: "",
  always_open: true,
  timezone: "America/Sao_Paulo",
  hours: [],
  holidays: [],
  welcome: SILENCE,
  prompt: SILENCE,
  invalid: SILENCE,
  no_choice: SILENCE,
  closed: SILENCE,
  unanswered: SILENCE,
  protocol: SILENCE,
  position: SILENCE,
  wait: SILENCE,
  callback: SILENCE,
  callback_kept: SILENCE,
  menu: [],
  attempts: 3,
  choice_wait_ms: 5_000,
  fallback_queue: "",
  queue_wait_ms: 600_000,
  callback_from: 0,
};

export const settingsOf = ({ id: _, version: __, ...settings }: Ivr): IvrSettings => settings;

interface Props extends Omit<Parameters<typeof useServerForm<IvrSettings>>[0], "validate"> {
  action?: string;
  /** The IVR, once it exists: only then a file can be uploaded, and the name is fixed, because dialplans use it. */
  id?: string;
  /** A file was uploaded, so the server has other settings than the form began with. */
  onUploaded?: () => void;
  /** What is shown below, by the values as they are written now. */
  children?: (values: IvrSettings) => ReactNode;
}

/** The settings of an IVR (URA): number, hours, announcements, menu, and what it does when callers have to wait. */
export function IvrForm({ action, id, onUploaded, children, ...options }: Props) {
  const text = useText();
  const digits = (value: string) => !/^[0-9]*$/.test(value) && text("form.digits");
  const server = useServerForm<IvrSettings>({
    ...options,
    id,
    validate: (values) => {
      const errors: Record<string, string> = {};
      if (!values.name.trim()) errors.name = text("form.required");
      for (const key of ["country", "area_code", "number"] as const) {
        const wrong = digits(values[key]);
        if (wrong) errors[key] = wrong;
      }
      values.menu.forEach(({ digit }, index) => {
        if (values.menu.findIndex((other) => other.digit === digit) !== index)
          errors[`menu.${index}.digit`] = text("phone.menu.twice");
      });
      return errors;
    },
  });
  const { form } = server;
  return (
    <>
      <ServerFormView of={server} action={action}>
        <TextInput
          label={text("field.name")}
          description={text("phone.name.hint")}
          disabled={id !== undefined}
          {...form.getInputProps("name")}
        />
        <TextInput label={text("phone.country")} inputMode="numeric" {...form.getInputProps("country")} />
        <TextInput label={text("phone.area_code")} inputMode="numeric" {...form.getInputProps("area_code")} />
        <TextInput label={text("phone.number")} inputMode="numeric" {...form.getInputProps("number")} />
        <Switch
          className={styles.wide}
          label={text("phone.always_open")}
          {...form.getInputProps("always_open", { type: "checkbox" })}
        />
        {!form.values.always_open && <Hours form={form} />}
        <MenuOptions form={form} />
        <Waiting form={form} />
        <Messages form={form} id={id} isDirty={server.isDirty} onUploaded={onUploaded} />
      </ServerFormView>
      {children?.(form.values)}
    </>
  );
}

/** Which digit leads to which queue, and what happens without a valid choice. */
function MenuOptions({ form }: FormOf) {
  const text = useText();
  const names = (useQuery(queues).data ?? []).map((queue) => queue.name);
  const free = DIGITS.find((digit) => !form.values.menu.some((option) => option.digit === digit));
  return (
    <fieldset className={styles.group}>
      <legend>{text("phone.menu")}</legend>
      <ul className={styles.rows}>
        {form.values.menu.map((_, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: options have no other name than their place
          <li key={index}>
            <NativeSelect
              label={text("phone.digit")}
              w={90}
              data={DIGITS}
              {...form.getInputProps(`menu.${index}.digit`)}
            />
            <NativeSelect
              label={text("filters.queue")}
              data={names}
              flex="0 1 220px"
              {...form.getInputProps(`menu.${index}.queue`)}
            />
            <Remove
              remove={() => form.removeListItem("menu", index)}
              rise={index > 0 ? () => form.reorderListItem("menu", { from: index, to: index - 1 }) : undefined}
            />
          </li>
        ))}
      </ul>
      {free && names[0] !== undefined && (
        <Add
          label={text("phone.menu.add")}
          add={() => form.insertListItem("menu", { digit: free, queue: names[0] ?? "" })}
        />
      )}
      <div className={styles.choices} style={{ marginTop: 12 }}>
        <NumberInput
          label={text("phone.attempts")}
          description={text("phone.attempts.hint")}
          min={1}
          max={10}
          {...form.getInputProps("attempts")}
        />
        <SecondsInput label={text("phone.choice_wait")} {...secondsOf(form, "choice_wait_ms")} />
        <NativeSelect
          label={text("phone.fallback_queue")}
          description={text("phone.fallback_queue.hint")}
          data={[{ value: "", label: text("phone.hang_up") }, ...names]}
          {...form.getInputProps("fallback_queue")}
        />
      </div>
    </fieldset>
  );
}

/** How long callers wait, and from when on they may be called back instead. */
function Waiting({ form }: FormOf) {
  const text = useText();
  return (
    <fieldset className={styles.group}>
      <legend>{text("phone.waiting")}</legend>
      <div className={styles.choices}>
        <SecondsInput label={text("phone.queue_wait")} {...secondsOf(form, "queue_wait_ms")} />
        <NumberInput
          label={text("phone.callback_from")}
          description={text("phone.callback_from.hint")}
          min={0}
          max={1_000}
          {...form.getInputProps("callback_from")}
        />
      </div>
    </fieldset>
  );
}
