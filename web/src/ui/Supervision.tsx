import { Button, Modal } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Ear, LogOut, Mic, PhoneForwarded, PhoneOff, Users } from "lucide-react";
import { useState } from "react";
import { answerOf, api, type Schemas } from "../api/client";
import { type Headers, useCommand } from "../api/commands";
import { type Key, useText } from "../i18n";
import { useErrorText } from "./errorText";
import styles from "./Supervision.module.css";

type Agent = Schemas["AgentState"];
type Now = Schemas["SupervisionNow"];
type Mode = Now["mode"];

const LOOKS_MS = 1_000;
const MODES: readonly { mode: Mode; icon: typeof Ear; isDanger?: boolean }[] = [
  { mode: "listen", icon: Ear },
  { mode: "whisper", icon: Mic },
  { mode: "barge", icon: Users },
  { mode: "pull", icon: PhoneForwarded, isDanger: true },
  { mode: "hang-up", icon: PhoneOff, isDanger: true },
];

/** For who may: a button on an agent who talks, which opens what a supervisor can do in that call. */
export function Supervision({ agent, interaction }: { agent: Agent; interaction: string }) {
  const text = useText();
  const [isOpen, setOpen] = useState(false);
  const name = text("supervision.open", { agent: agent.agent });
  return (
    <>
      <button type="button" className={styles.open} aria-label={name} title={name} onClick={() => setOpen(true)}>
        <Ear size={15} aria-hidden />
      </button>
      <Modal
        opened={isOpen}
        onClose={() => setOpen(false)}
        title={name}
        closeButtonProps={{ "aria-label": text("form.close") }}
      >
        <Panel agent={agent.agent} interaction={interaction} />
      </Modal>
    </>
  );
}

function Panel({ agent, interaction }: { agent: string; interaction: string }) {
  const text = useText();
  const said = useErrorText();
  const [sure, setSure] = useState<Mode>();
  const params = { path: { interaction_id: interaction } };
  const now = useQuery({
    queryKey: ["supervision", interaction],
    refetchInterval: LOOKS_MS,
    queryFn: () => answerOf(api.GET("/v1/interactions/{interaction_id}/supervision", { params })),
  });
  const command = useCommand<Mode>((mode, headers) => ask(mode, interaction, headers));
  const state = now.data?.state ?? "none";
  const isActive = state === "active";
  const isBusy = command.isPending || state === "requested";
  const choose = (mode: Mode, isDanger?: boolean) => {
    command.reset();
    if (isDanger && sure !== mode) return setSure(mode);
    setSure(undefined);
    command.mutate(mode);
  };
  return (
    <div className={styles.panel}>
      <p className={styles.state} role="status" data-state={state}>
        {now.data && text(stateOf(now.data), { agent, mode: text(`supervision.${now.data.mode}` as Key) })}
      </p>
      <div className={styles.modes}>
        {MODES.map(({ mode, icon: Icon, isDanger }) => (
          <Button
            key={mode}
            variant={isActive && now.data?.mode === mode ? "filled" : "default"}
            color={sure === mode ? "red" : undefined}
            size="sm"
            justify="flex-start"
            leftSection={<Icon size={16} aria-hidden />}
            aria-pressed={isActive && now.data?.mode === mode}
            disabled={isBusy}
            onClick={() => choose(mode, isDanger)}
          >
            {text(sure === mode ? (`supervision.sure.${mode}` as Key) : (`supervision.${mode}` as Key))}
          </Button>
        ))}
        {isActive && (
          <Button
            variant="default"
            size="sm"
            justify="flex-start"
            leftSection={<LogOut size={16} aria-hidden />}
            disabled={isBusy}
            onClick={() => choose("leave")}
          >
            {text("supervision.leave")}
          </Button>
        )}
      </div>
      {(command.error ?? now.error) && (
        <p className={styles.problem} role="alert">
          {said(command.error ?? now.error)}
        </p>
      )}
      <p className="hint">{text("supervision.hint")}</p>
    </div>
  );
}

function stateOf({ state, mode, reason }: Now): Key {
  if (state === "failed") return `supervision.failed.${reason || "failed"}` as Key;
  if (state === "requested") {
    return mode === "hang-up" || mode === "leave" ? "supervision.state.asked" : "supervision.state.requested";
  }
  if (state === "active") return "supervision.state.active";
  return state === "ended" ? "supervision.state.ended" : "supervision.state.none";
}

function ask(mode: Mode, interaction: string, headers: Headers) {
  const path = PATHS[mode];
  return answerOf(api.POST(path, { params: { path: { interaction_id: interaction } }, body: {}, headers }));
}

const PATHS = {
  listen: "/v1/interactions/{interaction_id}/listen",
  whisper: "/v1/interactions/{interaction_id}/whisper",
  barge: "/v1/interactions/{interaction_id}/barge",
  "hang-up": "/v1/interactions/{interaction_id}/hang-up",
  pull: "/v1/interactions/{interaction_id}/pull",
  leave: "/v1/interactions/{interaction_id}/leave",
} as const;
