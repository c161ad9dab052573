import { Check, Circle } from "lucide-react";
import type { Schemas } from "../api/client";
import { useText } from "../i18n";
import styles from "./PasswordRules.module.css";

/** What a new password must be; each rule is ticked as soon as what is typed keeps it. The server decides. */
export function PasswordRules({ rules, password }: { rules: Schemas["PasswordRules"]; password: string }) {
  const text = useText();
  const length = [...password].length;
  const said: [string, boolean][] = [
    [
      text("first.rule.length", { shortest: rules.shortest, longest: rules.longest }),
      length >= rules.shortest && length <= rules.longest,
    ],
    ...(rules.policy === "composition"
      ? ([
          [text("first.rule.case"), /\p{Lu}/u.test(password) && /\p{Ll}/u.test(password)],
          [text("first.rule.number"), /\d/.test(password)],
          [text("first.rule.special"), /[$*&@#?]/.test(password)],
          [text("first.rule.twice"), password !== "" && !/(.)\1/iu.test(password)],
        ] as [string, boolean][])
      : []),
  ];
  return (
    <ul className={styles.rules} aria-label={text("first.rules")}>
      {said.map(([rule, isKept]) => (
        <li key={rule} data-kept={isKept || undefined}>
          {isKept ? <Check size={14} aria-hidden /> : <Circle size={10} aria-hidden />}
          {rule}
          <span className="visually-hidden">{text(isKept ? "first.rule.kept" : "first.rule.open")}</span>
        </li>
      ))}
      {rules.policy === "nist" && <li>{text("first.rule.guess")}</li>}
    </ul>
  );
}
