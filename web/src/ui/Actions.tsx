import { Button, Menu, Modal } from "@mantine/core";
import { Download, Link2 } from "lucide-react";
import { type ReactNode, useState } from "react";
import { download } from "../api/client";
import { stringifySearch } from "../filters/codec";
import { type Filters, searchOf } from "../filters/filters";
import { useText } from "../i18n";
import { useShortcut } from "../keys/shortcuts";
import { datesOf, todayOf } from "../time/periods";

interface LinkProps {
  filters: Filters;
  position: number | undefined;
  zone: string;
  /** What the page has in its address besides the filters. */
  others?: Record<string, string | string[] | undefined>;
}

/** Two links: one is live, one shows the same figures for ever. */
export function LinkAction({ filters, position, zone, others }: LinkProps) {
  const text = useText();
  const [shown, setShown] = useState("");
  const [copied, setCopied] = useState(false);
  const give = async (address: string) => {
    // Without HTTPS a page has no clipboard: then the address is there to be copied by hand.
    if (!navigator.clipboard) return setShown(address);
    await navigator.clipboard.writeText(address);
    setCopied(true);
    setTimeout(() => setCopied(false), 2_000);
  };
  const fixed = () => {
    const search = searchOf(
      { ...filters, ...datesOf(filters, todayOf(filters, zone)), em: filters.em ?? String(position), fuso: zone },
      "hoje",
    );
    return location.origin + location.pathname + stringifySearch({ ...search, ...others });
  };
  useShortcut("c", () => void give(location.href));
  useShortcut("C", position === undefined ? undefined : () => void give(fixed()));
  return (
    <>
      <Menu position="bottom-end" width={300} radius={8}>
        <Menu.Target>
          <Button variant="default" size="xs" leftSection={<Link2 size={15} aria-hidden />}>
            {copied ? text("action.link.copied") : text("action.link")}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Choice
            title={text("action.link.live")}
            hint={text("action.link.live.hint")}
            choose={() => void give(location.href)}
          />
          {position !== undefined && (
            <Choice
              title={text("action.link.fixed")}
              hint={text("action.link.fixed.hint", {
                // A page about an instant has the position of its answer.
                position: Number(filters.em) || position,
              })}
              choose={() => void give(fixed())}
            />
          )}
        </Menu.Dropdown>
      </Menu>
      <Modal
        opened={shown !== ""}
        onClose={() => setShown("")}
        title={text("action.link")}
        closeButtonProps={{ "aria-label": text("filters.done") }}
      >
        <input
          readOnly
          data-autofocus
          value={shown}
          aria-label={text("action.link")}
          onFocus={(event) => event.target.select()}
          style={{ width: "100%", font: "inherit", padding: 8 }}
        />
      </Modal>
    </>
  );
}

/** Files of the server, each at the position that the page shows. */
export function CsvAction({ files }: { files: readonly { title: string; path: string; name: string }[] }) {
  const text = useText();
  const first = files[0];
  useShortcut("e", first && (() => void download(first.path, first.name)));
  const button = (onClick?: () => void) => (
    <Button
      variant="default"
      size="xs"
      disabled={!first}
      leftSection={<Download size={15} aria-hidden />}
      onClick={onClick}
    >
      {text("action.csv")}
    </Button>
  );
  if (!first || files.length === 1) return button(first && (() => void download(first.path, first.name)));
  return (
    <Menu position="bottom-end" radius={8}>
      <Menu.Target>{button()}</Menu.Target>
      <Menu.Dropdown>
        {files.map((file) => (
          <Choice key={file.path} title={file.title} choose={() => void download(file.path, file.name)} />
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function Choice({ title, hint, choose }: { title: ReactNode; hint?: string; choose: () => void }) {
  return (
    <Menu.Item onClick={choose}>
      {title}
      {hint && (
        <span className="hint" style={{ display: "block", fontWeight: 400 }}>
          {hint}
        </span>
      )}
    </Menu.Item>
  );
}
