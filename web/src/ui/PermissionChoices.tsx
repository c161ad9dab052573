import { useState } from "react";
import type { Schemas } from "../api/client";
import { type Key, useText } from "../i18n";
import { Choices } from "./Fields";
import styles from "./Form.module.css";

export type Permission = NonNullable<Schemas["NewUser"]["permissions"]>[number];

/** Who has a use for a permission: a user, an API key, or one that is limited to some queues. Each has what those before it have. */
type Holder = "person" | "key" | "limited-key";

/** Every permission, and the narrowest of those who have a use for it today: of some nobody, because they wait for their features. */
const USED_BY: Record<Permission, Holder | "nobody"> = {
  "gerenciar-relatorio": "limited-key",
  "gerenciar-atendimento": "limited-key",
  "gerenciar-agentes": "key",
  "supervisionar-ligacoes": "limited-key",
  "gerenciar-service": "limited-key",
  "gerenciar-usuário": "limited-key",
  "gerenciar-empresas": "limited-key",
  "gerenciar-phone": "key",
  "gerenciar-contatos": "person",
  "anonimizar-contatos": "key",
  "ouvir-gravacoes": "limited-key",
  "gerenciar-chaves": "key",
  "gerenciar-conectores": "key",
  "gerenciar-api": "key",
  "gerenciar-tag": "nobody",
  "gerenciar-text": "nobody",
  "gerenciar-produtos": "nobody",
  "gerenciar-canais": "nobody",
  "gerenciar-pa": "nobody",
  "gerenciar-call": "nobody",
  "tela-atendimento": "nobody",
  "gerenciar-canais-email": "nobody",
  "gerenciar-canais-boteria": "nobody",
  "gerenciar-canais-whats": "nobody",
  "gerenciar-blacklist": "key",
  "gerenciar-pause": "nobody",
  "gerenciar-pesquisa": "nobody",
  "gerenciar-pesquisa-relatorio": "nobody",
};

const HOLDERS: readonly Holder[] = ["person", "key", "limited-key"];

function isOfUse(permission: Permission, holder: Holder): boolean {
  const narrowest = USED_BY[permission];
  return narrowest !== "nobody" && HOLDERS.indexOf(holder) <= HOLDERS.indexOf(narrowest);
}

/** What somebody, or an API key, may do. Nobody gives a permission that they do not have themselves; a key gets none of which it has no use. */
export function PermissionChoices({
  holder = "person",
  mine,
  chosen,
  choose,
}: {
  holder?: Holder;
  mine: readonly string[];
  chosen: readonly string[];
  choose: (permissions: string[]) => void;
}) {
  const text = useText();
  const all = Object.keys(USED_BY) as Permission[];
  const waiting = holder === "person" ? all.filter((value) => USED_BY[value] === "nobody") : [];
  // What is chosen already is seen at once; afterwards it is opened and closed by hand.
  const [isOpen] = useState(() => waiting.some((value) => chosen.includes(value)));
  const optionOf = (value: Permission) => ({ value, label: value, isDisabled: !mine.includes(value) });
  return (
    <>
      <Choices
        title={text("field.permissions")}
        hint={text("permission.hint")}
        options={all
          .filter((value) => isOfUse(value, holder) || (holder !== "person" && chosen.includes(value)))
          .map((value) => ({ ...optionOf(value), description: text(`permission.${value}` as Key) }))}
        chosen={chosen}
        choose={choose}
      />
      {waiting.length > 0 && (
        <details className={styles.more} open={isOpen}>
          <summary>{text("permission.none", { count: waiting.length })}</summary>
          <Choices
            title={text("permission.none", { count: waiting.length })}
            isTitled={false}
            options={waiting.map(optionOf)}
            chosen={chosen}
            choose={choose}
          />
        </details>
      )}
    </>
  );
}
