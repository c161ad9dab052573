import { count } from "../figures/format";
import { useLanguage } from "../i18n";
import styles from "./Flow.module.css";
import { Parts } from "./Parts";

interface Part {
  name: string;
  value: number | null;
}

/** Where all calls of a whole went. The API's parts add up to the whole. */
export function Flow({ whole, parts }: { whole: Part; parts: readonly (Part & { key: string })[] }) {
  const language = useLanguage();
  return (
    <div>
      <p className={styles.whole}>
        {whole.name} <strong className="num">{count(whole.value, language)}</strong>
      </p>
      <Parts
        inRows
        parts={parts.flatMap(({ key, name, value }) =>
          value ? [{ kind: key, name, size: value, value: count(value, language) }] : [],
        )}
      />
    </div>
  );
}
