import type { ReactNode } from "react";
import styles from "./Choice.module.css";

interface Option<T extends string> {
  value: T;
  label: ReactNode;
  title?: string;
  disabled?: boolean;
}

/** One of a few, all of them seen. */
export function Choice<T extends string>({
  name,
  value,
  choose,
  options,
}: {
  name: string;
  value: T;
  choose: (value: T) => void;
  options: readonly Option<T>[];
}) {
  return (
    <fieldset className={styles.choice}>
      <legend className="visually-hidden">{name}</legend>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          aria-label={option.title}
          title={option.title}
          disabled={option.disabled}
          onClick={() => choose(option.value)}
        >
          {option.label}
        </button>
      ))}
    </fieldset>
  );
}
