import { answerOf, api, type Schemas } from "./client";
import type { Headers } from "./commands";
import type { operations } from "./schema";

/** The name of a message in the settings of an IVR. */
export type MessageName =
  | "welcome"
  | "prompt"
  | "invalid"
  | "no_choice"
  | "closed"
  | "unanswered"
  | "protocol"
  | "position"
  | "wait"
  | "callback"
  | "callback_kept";

type Code = NonNullable<NonNullable<operations["hear_ivr_message"]["parameters"]["query"]>["message"]>;

const code = (message: MessageName) => message.replace("_", "-") as Code;

/** Play a sound of the server once. It is decoded here, so that no page needs to allow sources of media. */
async function play(sound: ArrayBuffer): Promise<void> {
  const context = new AudioContext();
  const source = context.createBufferSource();
  source.buffer = await context.decodeAudioData(sound);
  source.connect(context.destination);
  source.onended = () => void context.close();
  source.start();
}

/** Speak a text that is not saved yet. */
export async function heard(text: string, voice: string): Promise<void> {
  const { data } = await api.POST("/v1/ivrs/speech", { body: { text, voice }, parseAs: "arrayBuffer" });
  if (data) await play(data as unknown as ArrayBuffer);
}

/** Play a message as it is saved. */
export async function messageHeard(id: string, message: MessageName): Promise<void> {
  const params = { path: { ivr_id: id }, query: { message: code(message) } };
  const { data } = await api.GET("/v1/ivrs/{ivr_id}/audio", { params, parseAs: "arrayBuffer" });
  if (data) await play(data as unknown as ArrayBuffer);
}

/** Upload an .mp3 or .wav, which the server converts, as a message. */
export function uploadMessage(
  id: string,
  message: MessageName,
  file: File,
  headers: Headers,
): Promise<Schemas["Receipt"]> {
  // The API takes names of letters, digits, blanks, dots and dashes.
  const name = file.name.replace(/[^\p{L}\p{N}_ .-]/gu, "_");
  return answerOf(
    api.PUT("/v1/ivrs/{ivr_id}/audio", {
      params: { path: { ivr_id: id }, query: { message: code(message), file: name } },
      headers: { ...headers, "Content-Type": "application/octet-stream" },
      body: file as unknown as string,
      bodySerializer: (body) => body,
    }),
  );
}
