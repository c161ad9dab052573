import { useMantineColorScheme } from "@mantine/core";
import { Monitor, Moon, Sun } from "lucide-react";
import { chooseLanguage, useLanguage, useText } from "../i18n";
import { Choice } from "./Choice";

/** Theme and language of this browser. */
export function Preferences() {
  const text = useText();
  const language = useLanguage();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <div style={{ display: "flex", justifyContent: "space-between", gap: 12, flexWrap: "wrap" }}>
      <Choice
        name={text("user.language")}
        value={language}
        choose={chooseLanguage}
        options={[
          { value: "pt-BR", label: "Português" },
          { value: "en", label: "English" },
        ]}
      />
      <Choice
        name={text("user.theme")}
        value={colorScheme}
        choose={setColorScheme}
        options={[
          { value: "light", label: <Sun size={15} aria-hidden />, title: text("user.theme.light") },
          { value: "dark", label: <Moon size={15} aria-hidden />, title: text("user.theme.dark") },
          { value: "auto", label: <Monitor size={15} aria-hidden />, title: text("user.theme.auto") },
        ]}
      />
    </div>
  );
}
