import type { Schemas } from "../api/client";
import { type Key, useText } from "../i18n";
import { Choices } from "./Fields";

export type Permission = NonNullable<Schemas["NewApiKey"]["permissions"]>[number];

/** Those that the console or the API heed today come first, each said in words; the others wait for their features. */
const SAID: readonly Permission[] = [
  "gerenciar-relatorio",
  "gerenciar-atendimento",
  "gerenciar-agentes",
  "supervisionar-ligacoes",
  "gerenciar-service",
  "gerenciar-usuário",
  "gerenciar-empresas",
  "gerenciar-phone",
  "gerenciar-contatos",
  "anonimizar-contatos",
  "ouvir-gravacoes",
  "gerenciar-chaves",
  "gerenciar-conectores",
  "gerenciar-api",
];
const OTHERS: readonly Permission[] = [
  "gerenciar-tag",
  "gerenciar-text",
  "gerenciar-produtos",
  "gerenciar-canais",
  "gerenciar-pa",
  "gerenciar-call",
  "tela-atendimento",
  "gerenciar-canais-email",
  "gerenciar-canais-boteria",
  "gerenciar-canais-whats",
  "gerenciar-blacklist",
  "gerenciar-pause",
  "gerenciar-pesquisa",
  "gerenciar-pesquisa-relatorio",
];

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
  return (
    <Choices
      title={text("field.permissions")}
      hint={text("permission.hint")}
      options={[...SAID, ...OTHERS].map((value) => ({
        value,
        label: value,
        description: SAID.includes(value) ? text(`permission.${value}` as Key) : undefined,
        isDisabled: !mine.includes(value),
      }))}
      chosen={chosen}
      choose={choose}
    />
  );
}
