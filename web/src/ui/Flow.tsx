import { count } from "../figures/format";
import { useLanguage } from "../i18n";
import styles from "./Flow.module.css";

interface Part {
  name: string;
  value: number | null;
}

/** Where all calls of a whole went: one bar, and each part with its number. The API's parts add up to the whole. */
export function Flow({ whole, parts }: { whole: Part; parts: readonly (Part & { key: string })[] }) {
  const language = useLanguage();
  const some = parts.filter((part) => part.value);
  return (
    <div>
      <p className={styles.whole}>
        {whole.name} <strong className="num">{count(whole.value, language)}</strong>
      </p>
      <div className={styles.bar} aria-hidden>
        {some.map((part) => (
          <span key={part.key} data-part={part.key} style={{ flexGrow: part.value ?? 0 }} />
        ))}
      </div>
      <ul className={styles.parts}>
        {some.map((part) => (
          <li key={part.key}>
            <span className={styles.key} data-part={part.key} aria-hidden />
            {part.name}{" "}
            <strong className="num" data-figure={part.key}>
              {count(part.value, language)}
            </strong>
          </li>
        ))}
      </ul>
    </div>
  );
}
