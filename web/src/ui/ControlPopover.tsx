import { Popover } from "@mantine/core";
import type { ReactNode } from "react";
import control from "./Control.module.css";

interface Props {
  /** What its dialog is called. */
  title: string;
  isOpen: boolean;
  setOpen: (isOpen: boolean) => void;
  /** What its button shows. */
  shown: ReactNode;
  className?: string | undefined;
  /** Whether something other than all is chosen. */
  isSet?: boolean;
  width?: number;
  children: ReactNode;
}

/** A button of the filter bar and the dialog that it opens, which has the focus until it is closed. */
export function ControlPopover({ title, isOpen, setOpen, shown, className, isSet, width, children }: Props) {
  return (
    <Popover
      opened={isOpen}
      onChange={setOpen}
      position="bottom-start"
      radius={8}
      trapFocus
      returnFocus
      withRoles={false}
      {...(width === undefined ? {} : { width })}
    >
      <Popover.Target>
        <button
          type="button"
          className={className ? `${control.target} ${className}` : control.target}
          aria-expanded={isOpen}
          aria-haspopup="dialog"
          data-set={isSet || undefined}
          // Until the dialog is drawn the focus is still here.
          onKeyDown={(event) => event.key === "Escape" && setOpen(false)}
          onClick={() => setOpen(!isOpen)}
        >
          {shown}
        </button>
      </Popover.Target>
      <Popover.Dropdown p={0} role="dialog" aria-label={title}>
        {children}
      </Popover.Dropdown>
    </Popover>
  );
}
