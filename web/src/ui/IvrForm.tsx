import { ActionIcon, Button, NativeSelect, Switch, Textarea, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { useQuery } from "@tanstack/react-query";
import { Plus, Trash2 } from "lucide-react";
import type { Schemas } from "../api/client";
import { queues } from "../api/queries";
import { useLanguage, useText } from "../i18n";
import styles from "./Form.module.css";
import { ServerFormView } from "./ServerFormView";
import { useServerForm } from "./useServerForm";

export type Ivr = Schemas["IvrDetail"];
export type IvrSettings = Omit<Ivr, "id">;

const SILENCE: Ivr["welcome"] = { text: "", voice: "", file: "" };
const MESSAGES = [
  ["welcome", "phone.welcome", "phone.welcome.hint"],
  ["closed", "phone.closed", "phone.closed.hint"],
  ["unanswered", "phone.unanswered", "phone.unanswered.hint"],
] as const;
const DIGITS = [..."0123456789*#"];

export const NEW: IvrSettings = {
  name: "",
  country: "55",
  area_code: "",
  number: "",
  always_open: true,
  timezone: "America/Sao_Paulo",
  hours: [],
  welcome: SILENCE,
  closed: SILENCE,
  unanswered: SILENCE,
  menu: [],
};

export const settingsOf = ({ id: _, ...settings }: Ivr): IvrSettings => settings;

interface Props extends Omit<Parameters<typeof useServerForm<IvrSettings>>[0], "validate"> {
  action?: string;
  /** Whether the name can still be chosen: dialplans use it, so it never changes. */
  isNew?: boolean;
}

/** The settings of an IVR (URA): number, hours, announcements and menu. */
export function IvrForm({ action, isNew, ...options }: Props) {
  const text = useText();
  const digits = (value: string) => !/^[0-9]*$/.test(value) && text("form.digits");
  const server = useServerForm<IvrSettings>({
    ...options,
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
    <ServerFormView of={server} action={action}>
      <TextInput
        label={text("field.name")}
        description={text("phone.name.hint")}
        disabled={!isNew}
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
      {MESSAGES.map(([key, label, hint]) => (
        <Textarea
          key={key}
          className={styles.wide}
          label={text(label)}
          description={text(hint)}
          autosize
          minRows={2}
          {...form.getInputProps(`${key}.text`)}
        />
      ))}
      <MenuOptions form={form} />
    </ServerFormView>
  );
}

type FormOf = { form: UseFormReturnType<IvrSettings> };

/** From when until when, day by day; several spans of a day are several lines. */
function Hours({ form }: FormOf) {
  const text = useText();
  const language = useLanguage();
  // 2024-01-01 was a Monday.
  const days = Array.from({ length: 7 }, (_, day) => ({
    value: String(day),
    label: new Date(2024, 0, 1 + day).toLocaleDateString(language, { weekday: "long" }),
  }));
  return (
    <fieldset className={styles.group}>
      <legend>{text("phone.hours")}</legend>
      <TextInput label={text("field.timezone")} mb={8} style={{ maxWidth: 280 }} {...form.getInputProps("timezone")} />
      <ul className={styles.rows}>
        {form.values.hours.map((hours, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name than their place
          <li key={index} data-three>
            <NativeSelect
              label={text("phone.weekday")}
              data={days}
              value={String(hours.weekday)}
              onChange={(event) => form.setFieldValue(`hours.${index}.weekday`, Number(event.currentTarget.value))}
            />
            <TextInput label={text("phone.opens")} maw={110} {...form.getInputProps(`hours.${index}.opens`)} />
            <TextInput label={text("phone.closes")} maw={110} {...form.getInputProps(`hours.${index}.closes`)} />
            <Remove remove={() => form.removeListItem("hours", index)} />
          </li>
        ))}
      </ul>
      <Add
        label={text("phone.hours.add")}
        add={() =>
          form.insertListItem("hours", { weekday: form.values.hours.length % 7, opens: "08:00", closes: "18:00" })
        }
      />
    </fieldset>
  );
}

/** Which digit leads to which queue. */
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
              miw={180}
              {...form.getInputProps(`menu.${index}.queue`)}
            />
            <Remove remove={() => form.removeListItem("menu", index)} />
          </li>
        ))}
      </ul>
      {free && names[0] !== undefined && (
        <Add
          label={text("phone.menu.add")}
          add={() => form.insertListItem("menu", { digit: free, queue: names[0] ?? "" })}
        />
      )}
    </fieldset>
  );
}

function Remove({ remove }: { remove: () => void }) {
  const text = useText();
  return (
    <ActionIcon variant="default" size={36} aria-label={text("form.remove")} onClick={remove}>
      <Trash2 size={15} aria-hidden />
    </ActionIcon>
  );
}

function Add({ label, add }: { label: string; add: () => void }) {
  return (
    <Button variant="default" size="xs" leftSection={<Plus size={14} aria-hidden />} onClick={add}>
      {label}
    </Button>
  );
}
