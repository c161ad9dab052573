import { Autocomplete, Button, FileButton, NativeSelect } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type DragEvent, useState } from "react";
import { type FileKind, imports, sending } from "../api/imports";
import { useTimezone } from "../api/queries";
import { type Key, useText } from "../i18n";
import "./forms.css";
import styles from "./Imports.module.css";

/** Time zones of Brazil first: most tables come from there. */
const ZONES = Intl.supportedValuesOf("timeZone").sort((a, b) => Number(isNear(b)) - Number(isNear(a)));

function isNear(zone: string): boolean {
  return zone.startsWith("America/");
}

const KINDS: readonly FileKind[] = ["queue-log", "members", "ami"];

/** Where files of an Asterisk are dropped or chosen, with what must be known to read them. */
export function ImportDrop() {
  const text = useText();
  const client = useQueryClient();
  const [kind, setKind] = useState<FileKind>("queue-log");
  const [isOver, setOver] = useState(false);
  const own = useTimezone();
  const [zone, setZone] = useState("");
  const timezone = kind === "queue-log" && ZONES.includes(zone) ? zone : "";
  const take = (files: readonly File[]) =>
    sending.add(files, { kind, timezone }, () => void client.invalidateQueries(imports));
  const over = (event: DragEvent, is: boolean) => {
    event.preventDefault();
    setOver(is);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the button inside does the same by keys
    <div
      className={styles.drop}
      data-over={isOver || undefined}
      onDragOver={(event) => over(event, true)}
      onDragLeave={(event) => over(event, false)}
      onDrop={(event) => {
        over(event, false);
        take([...event.dataTransfer.files]);
      }}
    >
      <p>
        <strong>{text("import.drop")}</strong>
      </p>
      <p className="muted">{text("import.drop.hint")}</p>
      <div className={styles.choose}>
        <NativeSelect
          label={text("import.kind")}
          value={kind}
          onChange={(event) => setKind(event.currentTarget.value as FileKind)}
          data={KINDS.map((value) => ({ value, label: text(`import.kind.${value}` as Key) }))}
        />
        {kind === "queue-log" && (
          <Autocomplete
            label={text("import.zone")}
            placeholder={own}
            data={ZONES}
            limit={12}
            value={zone}
            onChange={setZone}
            error={zone && !timezone ? text("import.zone.unknown") : undefined}
          />
        )}
        <FileButton multiple onChange={(files) => take(files)}>
          {(props) => <Button {...props}>{text("import.choose")}</Button>}
        </FileButton>
      </div>
      {kind === "queue-log" && <p className="hint">{text("import.zone.hint", { zone: own })}</p>}
      <p className="hint">{text("import.again")}</p>
    </div>
  );
}
