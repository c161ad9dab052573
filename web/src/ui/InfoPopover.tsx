import { ActionIcon, Popover, type PopoverProps } from "@mantine/core";
import { Info } from "lucide-react";
import type { ReactNode } from "react";

interface Props extends Pick<PopoverProps, "width" | "position"> {
  /** What its button is called. */
  button: string;
  /** What its dialog is called. */
  title: string;
  isOpen: boolean;
  setOpen: (isOpen: boolean) => void;
  children: ReactNode;
}

/** An explanation of what stands beside it, on demand: a small button and a dialog, reached and closed by keys. */
export function InfoPopover({ button, title, isOpen, setOpen, children, ...placed }: Props) {
  return (
    <Popover opened={isOpen} onChange={setOpen} radius={8} withRoles={false} returnFocus {...placed}>
      <Popover.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          size={24}
          onKeyDown={(event) => event.key === "Escape" && setOpen(false)}
          aria-expanded={isOpen}
          aria-label={button}
          onClick={() => setOpen(!isOpen)}
        >
          <Info size={14} color="var(--muted)" aria-hidden />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown role="dialog" aria-label={title}>
        {children}
      </Popover.Dropdown>
    </Popover>
  );
}
