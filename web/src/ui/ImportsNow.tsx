import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { goesOn, imports } from "../api/imports";
import { useText } from "../i18n";
import styles from "./Imports.module.css";
import { IMPORTS } from "./menu";
import { usePermission } from "./usePermission";

/** Says on every page that files are being taken in, and leads to them. */
export function ImportsNow() {
  const text = useText();
  const { data } = useQuery({ ...imports, enabled: usePermission(IMPORTS) });
  const now = data?.items.filter((one) => goesOn(one) && !(one.kind === "simulation" && one.percent === 100)) ?? [];
  const [first] = now;
  if (!first) return null;
  return (
    <Link to="/comecar" className={styles.pill} search={{}}>
      {text("import.state.running")} {first.percent === null ? "" : `${Math.floor(first.percent)}\u00a0%`}
    </Link>
  );
}
