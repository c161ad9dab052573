import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { answerOf, api, type Schemas, soundOf } from "../api/client";
import { clockTime, instant } from "../figures/format";
import { useText } from "../i18n";
import { Tone } from "./Badge";
import { CommandButton } from "./CommandButton";
import { useErrorText } from "./errorText";
import forms from "./Form.module.css";
import { LISTEN, MONITORING } from "./menu";
import { Panel } from "./Panel";
import { Pending } from "./Pending";
import styles from "./Recordings.module.css";
import { usePermission } from "./usePermission";

type Recording = Schemas["CallRecording"];

const TONES = {
  asked: "call",
  recording: "call",
  paused: "pause",
  ended: "pause",
  kept: "ok",
  lost: "off",
  removed: "off",
  failed: "danger",
} as const;

const LOOKS_EVERY_MS = 5_000;

/** The recordings of a call: what is kept can be listened to; while the call goes on, whoever may act in it begins, pauses and ends one. */
export function Recordings({ interaction, isOpen }: { interaction: string; isOpen: boolean }) {
  const mayListen = usePermission(LISTEN);
  const mayRecord = usePermission(MONITORING) && isOpen;
  return mayListen ? <List interaction={interaction} mayRecord={mayRecord} /> : null;
}

function List({ interaction, mayRecord }: { interaction: string; mayRecord: boolean }) {
  const text = useText();
  const params = { path: { interaction_id: interaction } };
  const { data, error, refetch } = useQuery({
    queryKey: ["recordings", interaction],
    queryFn: () => answerOf(api.GET("/v1/interactions/{interaction_id}/recordings", { params })),
    // What goes on, or is being taken in, becomes something else by itself.
    refetchInterval: ({ state }) =>
      mayRecord || state.data?.items.some(({ status }) => status === "ended") ? LOOKS_EVERY_MS : false,
  });
  if (!data) return <Pending error={error} retry={() => void refetch()} figures={1} />;
  if (data.items.length === 0 && !mayRecord) return null;
  const current = data.items.find(({ status }) => ["asked", "recording", "paused"].includes(status));
  return (
    <Panel title={text("recording.title")}>
      {mayRecord && <Controls interaction={interaction} current={current} onSaved={() => void refetch()} />}
      {data.items.length === 0 ? (
        <p className="muted">{text("recording.none")}</p>
      ) : (
        <ul className={styles.recordings}>
          {data.items.map((one) => (
            <Item key={one.id} recording={one} />
          ))}
        </ul>
      )}
      <p className={`hint ${styles.hint}`}>{text("recording.hint")}</p>
    </Panel>
  );
}

function Controls({
  interaction,
  current,
  onSaved,
}: {
  interaction: string;
  current: Recording | undefined;
  onSaved: () => void;
}) {
  const text = useText();
  const params = { path: { interaction_id: interaction } };
  if (!current)
    return (
      <div className={forms.buttons}>
        <CommandButton
          label={text("recording.start")}
          onSaved={onSaved}
          send={(headers) =>
            answerOf(api.POST("/v1/interactions/{interaction_id}/recording/start", { params, headers }))
          }
        />
      </div>
    );
  return (
    <div className={forms.buttons}>
      {current.status === "paused" ? (
        <CommandButton
          label={text("recording.resume")}
          onSaved={onSaved}
          send={(headers) =>
            answerOf(api.POST("/v1/interactions/{interaction_id}/recording/resume", { params, headers }))
          }
        />
      ) : (
        <CommandButton
          label={text("recording.pause")}
          onSaved={onSaved}
          send={(headers) =>
            answerOf(api.POST("/v1/interactions/{interaction_id}/recording/pause", { params, headers }))
          }
        />
      )}
      {current.by === "hand" && (
        <CommandButton
          label={text("recording.stop")}
          onSaved={onSaved}
          send={(headers) =>
            answerOf(api.POST("/v1/interactions/{interaction_id}/recording/stop", { params, headers }))
          }
        />
      )}
    </div>
  );
}

function Item({ recording: one }: { recording: Recording }) {
  const text = useText();
  const isWrong = one.file !== null && one.file !== "ready";
  return (
    <li className={styles.recording} data-status={one.status} data-file={one.file}>
      <span>
        <Tone tone={isWrong ? "danger" : TONES[one.status]}>{isWrong ? one.file_label : one.status_label}</Tone>
        {!one.is_confirmed && <span className="muted"> {text("recording.unconfirmed")}</span>}
      </span>
      <span className="num">{one.begun_at ? instant(one.begun_at) : "–"}</span>
      <span className="num">{one.duration_ms === null ? "–" : clockTime(one.duration_ms)}</span>
      <span className="muted">{[one.by_label, one.queue].filter(Boolean).join(" · ")}</span>
      {one.audio && <Player path={one.audio} name={text("recording.of", { time: instant(one.begun_at ?? "") })} />}
    </li>
  );
}

/** The sound is fetched when somebody wants to hear it: each listening is recorded in the call's history. */
function Player({ path, name }: { path: string; name: string }) {
  const text = useText();
  const said = useErrorText();
  const [wanted, setWanted] = useState(false);
  const [source, setSource] = useState("");
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: ["sound", path],
    queryFn: () => soundOf(path),
    enabled: wanted,
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  useEffect(() => {
    if (!data) return;
    const url = URL.createObjectURL(data);
    setSource(url);
    return () => URL.revokeObjectURL(url);
  }, [data]);
  if (source)
    return (
      // biome-ignore lint/a11y/useMediaCaption: nobody has written down what is said
      <audio className={styles.player} controls autoPlay src={source} aria-label={name} />
    );
  return (
    <>
      <Button
        variant="default"
        size="xs"
        loading={isFetching}
        aria-label={`${text("recording.listen")}: ${name}`}
        onClick={() => (wanted ? void refetch() : setWanted(true))}
      >
        {text("recording.listen")}
      </Button>
      {error && (
        <span className={forms.problem} role="alert">
          {said(error)}
        </span>
      )}
    </>
  );
}
