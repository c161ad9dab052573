import { ActionIcon, Button } from "@mantine/core";
import { ArrowUp, Plus, Trash2 } from "lucide-react";
import { useText } from "../i18n";

/** The buttons of a line: remove it, and move it before the one above if there is one. */
export function Remove({ remove, rise }: { remove: () => void; rise?: () => void }) {
  const text = useText();
  return (
    <span style={{ display: "inline-flex", gap: 4 }}>
      <ActionIcon variant="default" size={36} aria-label={text("form.remove")} onClick={remove}>
        <Trash2 size={15} aria-hidden />
      </ActionIcon>
      {rise && (
        <ActionIcon variant="default" size={36} aria-label={text("phone.rise")} onClick={rise}>
          <ArrowUp size={15} aria-hidden />
        </ActionIcon>
      )}
    </span>
  );
}

export function Add({ label, add }: { label: string; add: () => void }) {
  return (
    <Button variant="default" size="xs" leftSection={<Plus size={14} aria-hidden />} onClick={add}>
      {label}
    </Button>
  );
}
