import { Button, FileButton, Textarea, TextInput } from "@mantine/core";
import { Upload, Volume2, X } from "lucide-react";
import { useState } from "react";
import { useCommand } from "../api/commands";
import { heard, type MessageName, messageHeard, uploadMessage } from "../api/ivrAudio";
import { type Key, useText } from "../i18n";
import { useErrorText } from "./errorText";
import styles from "./Form.module.css";
import own from "./Ivr.module.css";
import type { FormOf } from "./IvrForm";
import { saved } from "./notify";

const MESSAGES = [
  ["welcome", "phone.welcome", "phone.welcome.hint"],
  ["prompt", "phone.prompt", "phone.prompt.hint"],
  ["invalid", "phone.invalid", "phone.invalid.hint"],
  ["no_choice", "phone.no_choice", "phone.no_choice.hint"],
  ["closed", "phone.closed", "phone.closed.hint"],
  ["protocol", "phone.protocol", "phone.protocol.hint"],
  ["position", "phone.position", "phone.position.hint"],
  ["wait", "phone.wait", "phone.wait.hint"],
  ["callback", "phone.callback", "phone.callback.hint"],
  ["callback_kept", "phone.callback_kept", "phone.callback_kept.hint"],
  ["unanswered", "phone.unanswered", "phone.unanswered.hint"],
] as const satisfies readonly (readonly [MessageName, Key, Key])[];

interface Props extends FormOf {
  id?: string;
  isDirty: boolean;
  onUploaded?: () => void;
}

/** What the IVR says: a text that is spoken, or a file. Each can be heard before it is saved. */
export function Messages(props: Props) {
  const text = useText();
  return (
    <fieldset className={styles.group}>
      <legend>{text("phone.messages")}</legend>
      <div className={own.messages}>
        {MESSAGES.map(([name, label, hint]) => (
          <Message key={name} name={name} label={text(label)} hint={text(hint)} {...props} />
        ))}
      </div>
    </fieldset>
  );
}

function Message({
  form,
  id,
  isDirty,
  onUploaded,
  name,
  label,
  hint,
}: Props & { name: MessageName; label: string; hint: string }) {
  const text = useText();
  const said = useErrorText();
  const [problem, setProblem] = useState("");
  const message = form.values[name];
  const hear = () => {
    setProblem("");
    const sound = message.file && id ? messageHeard(id, name) : heard(message.text ?? "", message.voice ?? "");
    sound.catch((error) => setProblem(said(error)));
  };
  const upload = useCommand<File>(
    (file, headers) => uploadMessage(id ?? "", name, file, headers),
    () => {
      saved(text("form.saved"));
      onUploaded?.();
    },
  );
  return (
    <div className={own.message}>
      {message.file ? (
        <div>
          <div className={own.label}>{label}</div>
          <div className={styles.buttons}>
            <span>{message.file}</span>
            <Button
              variant="default"
              size="xs"
              leftSection={<X size={14} aria-hidden />}
              onClick={() => form.setFieldValue(name, { text: "", voice: "", file: "" })}
            >
              {text("phone.file.remove")}
            </Button>
          </div>
        </div>
      ) : (
        <Textarea label={label} description={hint} autosize minRows={2} {...form.getInputProps(`${name}.text`)} />
      )}
      <div className={styles.buttons}>
        {!message.file && message.text && (
          <TextInput
            aria-label={text("phone.voice", { message: label })}
            placeholder={text("phone.voice.usual")}
            size="xs"
            w={150}
            {...form.getInputProps(`${name}.voice`)}
          />
        )}
        {(message.text || message.file) && (
          <Button
            variant="default"
            size="xs"
            leftSection={<Volume2 size={14} aria-hidden />}
            aria-label={text("phone.hear.message", { message: label })}
            onClick={hear}
          >
            {text("phone.hear")}
          </Button>
        )}
        {id && (
          <FileButton
            accept=".mp3,.wav,audio/mpeg,audio/wav"
            inputProps={{ "aria-label": text("phone.upload.message", { message: label }) }}
            onChange={(file) => file && upload.mutate(file)}
          >
            {(props) => (
              <Button
                variant="default"
                size="xs"
                leftSection={<Upload size={14} aria-hidden />}
                aria-label={text("phone.upload.message", { message: label })}
                loading={upload.isPending}
                disabled={isDirty}
                title={isDirty ? text("phone.upload.first") : undefined}
                {...props}
              >
                {text("phone.upload")}
              </Button>
            )}
          </FileButton>
        )}
      </div>
      {(problem || upload.error) && (
        <p className={styles.problem} role="alert">
          {problem || said(upload.error)}
        </p>
      )}
    </div>
  );
}
