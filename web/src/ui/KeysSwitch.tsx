import { useText } from "../i18n";
import { switchKeys, useKeysOn } from "../keys/shortcuts";
import { Choice } from "./Choice";

/** Whether single keys do something in this browser: who dictates, or leans on the keyboard, switches them off. */
export function KeysSwitch() {
  const text = useText();
  const isOn = useKeysOn();
  return (
    <div style={{ display: "flex", justifyContent: "space-between", alignItems: "center" }}>
      <span>{text("keys.title")}</span>
      <Choice
        name={text("keys.title")}
        value={isOn ? "on" : "off"}
        choose={(value) => switchKeys(value === "on")}
        options={[
          { value: "on", label: text("keys.on") },
          { value: "off", label: text("keys.off") },
        ]}
      />
    </div>
  );
}
