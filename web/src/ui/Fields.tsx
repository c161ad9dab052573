import { Checkbox, NumberInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { X } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";
import { useText } from "../i18n";
import styles from "./Form.module.css";
import { MultiSelect } from "./MultiSelect";

/** A duration that people write in seconds and the API takes in milliseconds. */
export function SecondsInput({
  value,
  onChange,
  ...others
}: Omit<ComponentProps<typeof NumberInput>, "value" | "onChange"> & {
  value: number;
  onChange: (ms: number) => void;
}) {
  const text = useText();
  return (
    <NumberInput
      {...others}
      value={value / 1000}
      onChange={(seconds) => onChange(Math.round(Number(seconds || 0) * 1000))}
      min={0}
      max={86_400}
      decimalScale={3}
      decimalSeparator=","
      suffix={` ${text("form.seconds")}`}
    />
  );
}

/** Some of a few, all of them seen. */
export function Choices({
  title,
  hint,
  options,
  chosen,
  choose,
  isTitled = true,
}: {
  title: string;
  hint?: ReactNode;
  /** Whether the title is shown; else something above says it already. */
  isTitled?: boolean;
  options: readonly { value: string; label: string; description?: string; isDisabled?: boolean }[];
  chosen: readonly string[];
  choose: (values: string[]) => void;
}) {
  return (
    <fieldset className={styles.group}>
      <legend className={isTitled ? undefined : "visually-hidden"}>{title}</legend>
      {hint && <p className={`hint ${styles.hint}`}>{hint}</p>}
      <div className={styles.choices}>
        {options.map(({ value, label, description, isDisabled }) => (
          <Checkbox
            key={value}
            label={label}
            description={description}
            disabled={isDisabled}
            checked={chosen.includes(value)}
            onChange={({ currentTarget }) =>
              choose(currentTarget.checked ? [...chosen, value] : chosen.filter((one) => one !== value))
            }
          />
        ))}
      </div>
    </fieldset>
  );
}

/** Some of many names: those that are chosen, and a list to find more. */
export function NamesField({
  title,
  hint,
  names,
  chosen,
  choose,
  none,
  isTitled = true,
}: {
  title: string;
  hint?: string;
  names: readonly string[];
  chosen: readonly string[];
  choose: (names: string[]) => void;
  /** What it means that nothing is chosen. */
  none: string;
  /** Whether the title is shown; else something above says it already. */
  isTitled?: boolean;
}) {
  const text = useText();
  return (
    <fieldset className={styles.group}>
      <legend className={isTitled ? undefined : "visually-hidden"}>{title}</legend>
      {hint && <p className={`hint ${styles.hint}`}>{hint}</p>}
      {chosen.length > 0 && (
        <ul className={styles.chips}>
          {chosen.map((name) => (
            <li key={name}>
              {name}
              <button
                type="button"
                aria-label={text("filters.remove", { name })}
                onClick={() => choose(chosen.filter((other) => other !== name))}
              >
                <X size={14} aria-hidden />
              </button>
            </li>
          ))}
        </ul>
      )}
      <MultiSelect label={title} names={names} chosen={chosen} choose={choose} none={none} isNamed={false} />
    </fieldset>
  );
}

/** What a field of seconds needs of a form. */
export function secondsOf<V>(form: UseFormReturnType<V>, path: string) {
  const { value, onChange, error, onFocus, onBlur, ...others } = form.getInputProps(path as never);
  return { value: Number(value), onChange: onChange as (ms: number) => void, error, onFocus, onBlur, ...others };
}

interface ServiceLevel {
  sla_target: number;
  sla_ms: number;
  tolerated_ms: number;
}

/** The service level that a queue, or a company for its queues, aims at. hints: what each value is for. */
export function ServiceLevelFields<V extends ServiceLevel>({
  form,
  hints,
}: {
  form: UseFormReturnType<V>;
  hints: Record<keyof ServiceLevel, string>;
}) {
  const text = useText();
  return (
    <>
      <NumberInput
        label={text("field.sla_target")}
        description={hints.sla_target}
        min={0}
        max={100}
        suffix=" %"
        decimalSeparator=","
        {...form.getInputProps("sla_target")}
      />
      <SecondsInput label={text("field.sla_ms")} description={hints.sla_ms} {...secondsOf(form, "sla_ms")} />
      <SecondsInput
        label={text("field.tolerated_ms")}
        description={hints.tolerated_ms}
        {...secondsOf(form, "tolerated_ms")}
      />
    </>
  );
}
