import { useState } from "react";
import type { Schemas } from "../api/client";
import { type Key, useText } from "../i18n";
import { Choices } from "./Fields";
import styles from "./Form.module.css";

export type Permission = NonNullable<Schemas["NewApiKey"]["permissions"]>[number];

/** Every permission, and whether the console or the API heeds it today: the others wait for their features. */
const HEEDED: Record<Permission, boolean> = {
  "gerenciar-relatorio": true,
  "gerenciar-atendimento": true,
  "gerenciar-agentes": true,
  "supervisionar-ligacoes": true,
  "gerenciar-service": true,
  "gerenciar-usuário": true,
  "gerenciar-empresas": true,
  "gerenciar-phone": true,
  "gerenciar-contatos": true,
  "anonimizar-contatos": true,
  "ouvir-gravacoes": true,
  "gerenciar-chaves": true,
  "gerenciar-conectores": true,
  "gerenciar-api": true,
  "gerenciar-tag": false,
  "gerenciar-text": false,
  "gerenciar-produtos": false,
  "gerenciar-canais": false,
  "gerenciar-pa": false,
  "gerenciar-call": false,
  "tela-atendimento": false,
  "gerenciar-canais-email": false,
  "gerenciar-canais-boteria": false,
  "gerenciar-canais-whats": false,
  "gerenciar-blacklist": true,
  "gerenciar-pause": false,
  "gerenciar-pesquisa": false,
  "gerenciar-pesquisa-relatorio": false,
};

/** What somebody may do. Nobody gives a permission that they do not have themselves. */
export function PermissionChoices({
  mine,
  chosen,
  choose,
}: {
  mine: readonly string[];
  chosen: readonly string[];
  choose: (permissions: string[]) => void;
}) {
  const text = useText();
  const all = Object.keys(HEEDED) as Permission[];
  const waiting = all.filter((value) => !HEEDED[value]);
  // What is chosen already is seen at once; afterwards it is opened and closed by hand.
  const [isOpen] = useState(() => waiting.some((value) => chosen.includes(value)));
  const optionOf = (value: Permission) => ({ value, label: value, isDisabled: !mine.includes(value) });
  return (
    <>
      <Choices
        title={text("field.permissions")}
        hint={text("permission.hint")}
        options={all
          .filter((value) => HEEDED[value])
          .map((value) => ({ ...optionOf(value), description: text(`permission.${value}` as Key) }))}
        chosen={chosen}
        choose={choose}
      />
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
    </>
  );
}
