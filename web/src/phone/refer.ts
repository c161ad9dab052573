import type { RTCSession } from "jssip/lib/RTCSession";

/** Why a transfer was not made: the PBX's own words (`404 Not Found`), or those of what became of the request; "" if nothing was said. */
export interface Refusal {
  reason: string;
}

interface Answer {
  status_code: number | string;
  reason_phrase: string;
}

type Asked = Pick<RTCSession, "refer" | "isEstablished">;

/**
 * What Asterisk says as long as it has not joined the agent and the customer, just after the answer or while it announces the call to the agent:
 * 400 while the agent is in no bridge, 500 while the customer is not yet in it.
 */
const NOT_JOINED = [400, 500];
const AGAIN_MS = 500;
const TRIES = 11;
/** The PBX performs a transfer at once and says so; only one that has lost the other call says nothing. */
const TOLD_WITHIN_MS = 8_000;

const reasonOf = ({ status_code, reason_phrase }: Answer) => `${status_code} ${reason_phrase}`.trim();

/**
 * Ask the PBX to transfer the call of `session`. Resolves with null when it says that it has, else with why not.
 *
 * A 202 says only that the request was read: what became of it follows. `made` is called when it was made, also later than what was resolved.
 */
export async function refer(
  session: Asked,
  target: Parameters<RTCSession["refer"]>[0],
  replaces: RTCSession | undefined,
  made: () => void,
): Promise<Refusal | null> {
  for (let tries = 1; ; tries += 1) {
    // JsSIP asks nothing, and says nothing, for a call that is not up.
    if (!session.isEstablished()) return { reason: "" };
    const answer = await once(session, target, replaces, made);
    if (answer === null) return null;
    if (!NOT_JOINED.includes(Number(answer.status_code)) || tries === TRIES) return { reason: reasonOf(answer) };
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

function once(
  session: Asked,
  target: Parameters<RTCSession["refer"]>[0],
  replaces: RTCSession | undefined,
  made: () => void,
): Promise<Answer | null> {
  return new Promise((resolve) => {
    const unsaid = setTimeout(() => resolve({ status_code: "", reason_phrase: "" }), TOLD_WITHIN_MS);
    const tell = (answer: Answer | null) => {
      clearTimeout(unsaid);
      resolve(answer);
    };
    session.refer(target, {
      ...(replaces && { replaces }),
      eventHandlers: {
        accepted: () => {
          made();
          tell(null);
        },
        failed: ({ status_line }: { status_line: Answer }) => tell(status_line),
        requestFailed: ({ response, cause }: { response: Answer | null; cause: string }) =>
          tell(response ?? { status_code: "", reason_phrase: cause }),
      },
    });
  });
}
