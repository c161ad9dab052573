import { NativeSelect, TextInput } from "@mantine/core";
import { useLanguage, useText } from "../i18n";
import { dayShown, dayWritten } from "./day";
import styles from "./Form.module.css";
import type { FormOf } from "./IvrForm";
import { Add, Remove } from "./IvrRows";

/** From when until when, day by day; several spans of a day are several lines. And the days on which it is closed all the same. */
export function Hours({ form }: FormOf) {
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
      <Holidays form={form} />
    </fieldset>
  );
}

function Holidays({ form }: FormOf) {
  const text = useText();
  return (
    <fieldset className={styles.group} style={{ marginTop: 14 }}>
      <legend>{text("phone.holidays")}</legend>
      <p className={`hint ${styles.hint}`}>{text("phone.holidays.hint")}</p>
      <ul className={styles.rows}>
        {form.values.holidays.map((holiday, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name than their place
          <li key={index}>
            <TextInput
              label={text("phone.holiday.day")}
              placeholder="25/12"
              maw={130}
              {...form.getInputProps(`holidays.${index}.day`)}
              value={dayShown(holiday.day)}
              onChange={({ currentTarget }) =>
                form.setFieldValue(`holidays.${index}.day`, dayWritten(currentTarget.value))
              }
            />
            <TextInput label={text("field.name")} {...form.getInputProps(`holidays.${index}.name`)} />
            <Remove remove={() => form.removeListItem("holidays", index)} />
          </li>
        ))}
      </ul>
      <Add label={text("phone.holidays.add")} add={() => form.insertListItem("holidays", { day: "", name: "" })} />
    </fieldset>
  );
}
