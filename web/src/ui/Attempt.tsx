import { useState } from "react";
import type { Schemas } from "../api/client";
import { clockTime, instant } from "../figures/format";
import { type Key, useText } from "../i18n";
import { Status } from "./Badge";
import { Facts } from "./Facts";
import { InfoPopover } from "./InfoPopover";
import { Panel } from "./Panel";
import styles from "./Story.module.css";

/** What each is, in the order in which they are explained. */
const EXPLAINED = [
  ["attempt.dialled", "attempt.dialled.about"],
  ["attempt.result", "attempt.result.about"],
  ["attempt.talk", "attempt.talk.about"],
  ["attempt.style", "attempt.style.about"],
] as const;

/** What became of a call that was dialled: when, for which queue, whether the customer answered, and how long they talked. */
export function Attempt({ attempt }: { attempt: Schemas["AttemptOfCall"] }) {
  const text = useText();
  return (
    <Panel title={text("attempt.title")} actions={<About />}>
      <Facts
        facts={[
          [text("attempt.dialled"), instant(attempt.dialled_at)],
          [text("attempt.result"), <Status key="result" code={attempt.result} label={attempt.result_label} />],
          [text("attempt.answered"), instant(attempt.answered_at)],
          [text("attempt.ended"), instant(attempt.ended_at)],
          [text("attempt.talk"), clockTime(attempt.talk_ms)],
          [text("attempt.hold"), clockTime(attempt.hold_ms)],
          [text("attempt.wrapUp"), clockTime(attempt.wrap_up_ms)],
          [text("attempt.queue"), attempt.queue],
          [text("attempt.agent"), attempt.agent],
          [text("attempt.style"), attempt.style && text(`call.style.${attempt.style}` as Key)],
        ]}
      />
    </Panel>
  );
}

function About() {
  const text = useText();
  const [isOpen, setOpen] = useState(false);
  const title = text("figure.about", { figure: text("attempt.title") });
  return (
    <InfoPopover button={title} title={title} width={340} position="bottom-end" isOpen={isOpen} setOpen={setOpen}>
      <dl className={styles.about}>
        {EXPLAINED.map(([name, about]) => (
          <div key={name}>
            <dt>{text(name)}</dt>
            <dd>{text(about)}</dd>
          </div>
        ))}
      </dl>
    </InfoPopover>
  );
}
