"""The codes of refusals: one for each reason, with its meaning and what the caller can do.

A program branches on the code, which never changes; a person reads the sentence of the error. Which status a code has follows from its class
of error (`domain.errors`): a `RefusedCode` is an object in the wrong state, an `UnknownCode` a missing object, a `TakenCode` a name in use.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

RefusedCode = Literal[
    "agent-busy",
    "agent-is-interface",
    "agent-logged-out",
    "agent-not-paused",
    "agent-not-ringing",
    "agent-paused",
    "agent-without-telephone",
    "api-key-inactive",
    "attempt-not-answered",
    "audio-missing",
    "call-ended",
    "call-followed-at-pbx",
    "call-in-progress",
    "call-left-ivr",
    "call-not-at-pbx",
    "call-not-in-ivr",
    "call-not-on-hold",
    "call-not-talking",
    "call-not-waiting",
    "call-not-wrapping-up",
    "call-offered",
    "call-on-hold",
    "callback-ended",
    "company-not-empty",
    "company-not-own",
    "contact-in-call",
    "idempotency-key-forgotten",
    "idempotency-key-reused",
    "import-ended",
    "interface-taken",
    "link-expired",
    "link-used",
    "no-attempt",
    "no-own-agent",
    "phone-not-offered",
    "phone-session-ended",
    "queue-active",
    "queue-inactive",
    "recording-broken",
    "recording-by-rule",
    "recording-forgotten",
    "recording-not-allowed",
    "recording-not-kept",
    "recording-not-paused",
    "recording-not-running",
    "recording-running",
    "screen-revoked",
    "speech-failed",
    "too-many-blocked",
    "too-many-recordings",
    "too-many-telephones",
    "too-much-audio",
    "supervision-inactive",
    "supervision-pending",
    "too-many-webhooks",
    "user-inactive",
    "webhook-disabled",
]
"""The object exists, and its state does not allow the command."""

UnknownCode = Literal[
    "agent-unknown",
    "api-key-is-no-user",
    "api-key-unknown",
    "call-unknown",
    "callback-unknown",
    "company-unknown",
    "contact-unknown",
    "definitions-unknown",
    "delivery-unknown",
    "import-unknown",
    "ivr-unknown",
    "phone-unknown",
    "queue-unknown",
    "recording-missing",
    "recording-unknown",
    "screen-unknown",
    "settings-unknown",
    "supervision-unknown",
    "user-unknown",
    "webhook-unknown",
]
"""There is no such object in the caller's company."""

TakenCode = Literal[
    "agent-exists",
    "call-id-taken",
    "company-exists",
    "contact-exists",
    "ivr-exists",
    "phones-of-several-contacts",
    "queue-exists",
    "user-exists",
]
"""A name, an id or an address that must be unique belongs to something else."""

NotAllowedCode = Literal[
    "agent-of-another-user",
    "api-key-makes-keys",
    "api-key-makes-users",
    "api-key-reads-only",
    "call-of-another-user",
    "deployment-only",
    "level-too-low",
    "own-rights",
    "permission-missing",
    "scope-too-narrow",
    "screen-shows-queues",
    "telephone-not-given",
]
"""The caller may not do this."""

BarredCode = Literal["api-key-barred", "user-barred"]
"""The caller is nobody any more."""

FieldCode = Literal[
    "cursor-of-other-filters",
    "cursor-unknown",
    "file-not-recognised",
    "file-unpacks-too-much",
    "invalid",
    "instant-in-future",
    "instant-out-of-order",
    "name-invalid",
    "password-weak",
    "password-wrong",
    "text-invalid",
]
"""A field has a value that no state would allow."""

Code = RefusedCode | UnknownCode | TakenCode | NotAllowedCode | BarredCode | FieldCode | Literal["version-conflict"]

UNKNOWN: dict[str, UnknownCode] = {
    "API key": "api-key-unknown",
    "agent": "agent-unknown",
    "callback": "callback-unknown",
    "company": "company-unknown",
    "contact": "contact-unknown",
    "interaction": "call-unknown",
    "ivr": "ivr-unknown",
    "phone": "phone-unknown",
    "queue": "queue-unknown",
    "recording": "recording-unknown",
    "screen": "screen-unknown",
    "supervision": "supervision-unknown",
    "user": "user-unknown",
    "webhook": "webhook-unknown",
}
"""The code of a missing aggregate, by its `KIND`."""


class Meaning(NamedTuple):
    """What a code says, and what its caller can do about it."""

    meaning: str
    remedy: str


MEANINGS: dict[Code, Meaning] = {
    "agent-busy": Meaning(
        "The agent is talking in another call, or dialling another number: an agent has one voice call at a time.",
        "Release or end the agent's call first (`dial-failed` for a number that nobody answers), or name another agent.",
    ),
    "agent-exists": Meaning("An agent has this name already.", "Use the existing agent, or choose another name."),
    "agent-is-interface": Meaning(
        "The name is a telephone of an agent, not an agent of its own.", "Send the command for the agent whose interface it is."
    ),
    "agent-logged-out": Meaning("The agent is logged in to no queue.", "Let the agent log in first, or name another agent."),
    "agent-not-paused": Meaning("The agent is not paused, so no pause can end.", "Nothing: the agent is available already."),
    "agent-not-ringing": Meaning(
        "The agent's phone does not ring for this call, so it cannot ring in vain.",
        "Send `ring` first, or name the agent whose phone rings.",
    ),
    "agent-of-another-user": Meaning("The agent belongs to another user.", "Act as an agent of your own."),
    "agent-paused": Meaning(
        "The agent is paused: who is paused takes no calls and dials none.", "Resume the agent first, or name another agent."
    ),
    "agent-unknown": Meaning("The company has no such agent.", "Check the name or id; a first login creates the agent."),
    "agent-without-telephone": Meaning(
        "No telephone of the agent is known, so nothing can ring.",
        "Open the phone in the browser, or choose a telephone of the PBX for the agent.",
    ),
    "api-key-barred": Meaning(
        "The API key was accepted once; it was revoked, has expired, or was rotated and the overlap is over.",
        "Use the new secret of the key, or let a user create another key.",
    ),
    "api-key-inactive": Meaning("The API key was revoked or has expired, so it is not rotated.", "Create another key."),
    "api-key-is-no-user": Meaning(
        "An API key asks for the user who is logged in: it is none.", "Ask `GET /v1/api-keys/self`, which describes the key."
    ),
    "api-key-makes-keys": Meaning(
        "An API key creates no API key, and rotates none but itself: the other one would outlive its end and its revocation.",
        "Let a user with `gerenciar-chaves` do it.",
    ),
    "api-key-makes-users": Meaning(
        "An API key lets nobody in: it makes no user, gives no link and no permission, and activates nobody. All of these would outlive its end and its revocation.",
        "Let a user with `gerenciar-usuário` do it.",
    ),
    "api-key-reads-only": Meaning("An API key that is limited to some queues sends no commands.", "Use a key without a limit to queues."),
    "api-key-unknown": Meaning("The company has no such API key.", "Check the id."),
    "attempt-not-answered": Meaning(
        "Nobody has answered the number that is being dialled.", "Send `dial-answered` before you offer the call to a queue."
    ),
    "audio-missing": Meaning(
        "The message is silent: it has no text, or its file was only named and never uploaded.", "Give it a text, or upload its file."
    ),
    "call-ended": Meaning("The call has ended.", "Nothing: only wrap-up and quality follow the end of a call."),
    "call-of-another-user": Meaning(
        "None of the caller's agents takes part in the call.",
        "Act on calls of your own agents; for others a manager or an admin needs `gerenciar-agentes`, at the Asterisk `supervisionar-ligacoes`.",
    ),
    "call-followed-at-pbx": Meaning(
        "An Asterisk leads the call, so only the Asterisk changes it.",
        "Use the telephone, or what Atende asks of the Asterisk: placing calls, supervision, recordings. Notes, tags and wrap-ups are written here.",
    ),
    "call-id-taken": Meaning(
        "Your id of the call already names a call: of the other direction, with another number, or one that has ended and that you may not read.",
        "Choose an id that you have never used. A repeat of the same call is accepted.",
    ),
    "call-in-progress": Meaning(
        "The call is waiting in a queue or an agent is talking in it.", "Withdraw or release it before you offer it to another queue."
    ),
    "call-left-ivr": Meaning("The call has left the IVR.", "Offer it to a queue, or end it."),
    "call-not-at-pbx": Meaning(
        "No PBX leads the call, as of a call that commands alone tell of: nothing can record it.", "Record it where it is carried."
    ),
    "call-not-in-ivr": Meaning("The call is in no IVR.", "Send `ivr/enter` first."),
    "call-not-on-hold": Meaning("The customer is not on hold.", "Nothing: the talk goes on."),
    "call-not-talking": Meaning(
        "No agent is talking in this call.", "Send `answer` first, or `dial-answered` for a customer whom an agent has dialled."
    ),
    "call-not-waiting": Meaning("The call is not waiting in a queue.", "Offer it to a queue first."),
    "call-not-wrapping-up": Meaning("The talk goes on, or its wrap-up is over.", "Release the talk first; a tag can be added later."),
    "call-offered": Meaning("The call was offered to a queue already, without an IVR.", "Enter an IVR before the first `offer`."),
    "call-on-hold": Meaning("The customer is on hold already.", "Nothing, or send `resume`."),
    "call-unknown": Meaning("The company has no such call.", "Use the `id` that the start of the call returned."),
    "callback-ended": Meaning("The callback has ended already.", "Nothing: its outcome stays as it was stated first."),
    "callback-unknown": Meaning("The company has no such callback.", "Check the id against the list."),
    "company-exists": Meaning("A company has this name already.", "Choose another name."),
    "company-not-empty": Meaning(
        "The company has calls, or an import is running: simulated calls would be among real ones for ever.",
        "Simulate in a company without calls.",
    ),
    "company-not-own": Meaning("A company is registered under the id of its own name.", "Register it as the operator."),
    "company-unknown": Meaning("There is no such company.", "Check the name."),
    "contact-exists": Meaning("A contact with one of these phones has a name already.", "Change that contact instead."),
    "contact-in-call": Meaning("The contact has an open call.", "End the call, then forget the contact."),
    "contact-unknown": Meaning("There is no such contact, or it was forgotten.", "Check the id."),
    "cursor-of-other-filters": Meaning(
        "The cursor was made for another list, or for other filters.",
        "Send it with the filters of the page that it came with, or begin anew without it.",
    ),
    "cursor-unknown": Meaning(
        "The text is no cursor of this server.", "Send `next` or `previous` of a page as it is, or begin anew without it."
    ),
    "definitions-unknown": Meaning(
        "This release has no definitions of figures of that version.", "Leave `version` out, or ask a release of the time of the answer."
    ),
    "delivery-unknown": Meaning(
        "The webhook has no such delivery, or it ended more than seven days ago.", "Check the id against the list of deliveries."
    ),
    "deployment-only": Meaning("The deployment itself does this by itself, and no user.", "Nothing needs to be done."),
    "file-unpacks-too-much": Meaning(
        "A file is packed in a way that no log is: it unpacks to too much, is packed too often, holds too many files or lines, or takes too long to look at.",
        "Send the logs themselves, or fewer of them in one file.",
    ),
    "file-not-recognised": Meaning(
        "The file is of another kind than what was announced, or nothing of it can be read.",
        "Send a file of the kind that the detail names.",
    ),
    "idempotency-key-forgotten": Meaning(
        "A command with this Idempotency-Key was executed, and a person of the company was forgotten since: with the contents of all commands it was "
        "forgotten whether this is the same one.",
        "Read what there is now; use a new key for a new command.",
    ),
    "idempotency-key-reused": Meaning(
        "The Idempotency-Key was used for another command.", "Use a new key for each command, and the same key only to repeat one."
    ),
    "import-ended": Meaning(
        "The import has ended, by itself or because it was cancelled.", "Read how it ended; send the file again to go on."
    ),
    "import-unknown": Meaning("The company has no such import, or it is older than its latest hundred.", "Check the id."),
    "instant-in-future": Meaning("The instant is later than the server's clock.", "Correct your clock, or leave the instant out."),
    "instant-out-of-order": Meaning(
        "The instant is earlier than what already happened to the same call or agent.", "Send actions in order, or leave `at` out."
    ),
    "interface-taken": Meaning(
        "The telephone belongs to another agent of the company.",
        "Let that agent give it up (`DELETE /v1/phone/interface`), or choose another telephone.",
    ),
    "invalid": Meaning("A field has a value that is not valid.", "Correct the fields that `errors` names."),
    "ivr-exists": Meaning("An IVR has this name already.", "Change the existing IVR, or choose another name."),
    "ivr-unknown": Meaning("The company has no such IVR.", "Check the name or id, or register the IVR."),
    "level-too-low": Meaning("One manages only users below one's own level.", "Ask a user of a higher level."),
    "link-expired": Meaning("The one-time link has expired.", "Ask an administrator for a new link."),
    "link-used": Meaning("The one-time link was used, or a newer one replaced it.", "Ask an administrator for a new link."),
    "name-invalid": Meaning(
        "A name is blank, too long, or has control, zero-width or text-direction characters.",
        "Send the visible characters of the name only.",
    ),
    "no-attempt": Meaning("No number is being dialled in this call.", "Dial first, or check the call's id."),
    "no-own-agent": Meaning("The request names no agent, and the caller has none or several.", "Name the agent."),
    "own-rights": Meaning("Nobody changes their own rights.", "Ask another administrator."),
    "password-weak": Meaning("The password does not follow the rules.", "Choose another password; the detail names the rule."),
    "password-wrong": Meaning("The password that was given as the current one is another.", "Give the password by which the user logs in."),
    "permission-missing": Meaning("The caller lacks the permission that `permission` names.", "Ask an administrator for it."),
    "phone-not-offered": Meaning(
        "No Asterisk of the company takes phones in the browser.",
        "Let the operator set `phone` in the setting `ATENDE_ASTERISK`, or use a telephone on the desk.",
    ),
    "phone-session-ended": Meaning(
        "The session of the phone has expired or was closed, or another browser has begun one.",
        "Open a new session: it ends that of any other browser.",
    ),
    "phone-unknown": Meaning("The agent has never used a phone in the browser.", "Open a session first."),
    "phones-of-several-contacts": Meaning("The phones belong to more than one contact.", "Send the phones of one contact only."),
    "queue-active": Meaning("The queue is active.", "Deactivate it first."),
    "queue-exists": Meaning(
        "A queue has, or has had, this name. Names differ neither by case nor by blanks.", "Use the existing queue, or choose another name."
    ),
    "queue-inactive": Meaning(
        "The queue is deactivated or was removed, and takes no offers.", "Activate it, or offer the call to another queue."
    ),
    "queue-unknown": Meaning("The company has no such queue.", "Check the name or id, or register the queue."),
    "recording-broken": Meaning(
        "The file of the recording is not what was kept: it was changed, cut, or exchanged for another one.",
        "Tell the operator: a backup of the media store may have it.",
    ),
    "recording-by-rule": Meaning("The queue's rule wants the call to be recorded.", "Pause the recording instead."),
    "recording-forgotten": Meaning(
        "The contact of the call was forgotten, and the recording with it.", "Nothing: nobody can open it any more."
    ),
    "recording-missing": Meaning(
        "The file of the recording is not in the media store.", "Tell the operator: a backup of the media store may have it."
    ),
    "recording-not-allowed": Meaning("Calls of this queue are never recorded.", "Change the queue's rule first."),
    "recording-not-kept": Meaning(
        "The call is still being recorded or its file is being taken in, or there is none.", "Read the recording's `status`."
    ),
    "recording-not-paused": Meaning("No recording of this call is paused.", "Nothing: what is said is recorded, or nothing is."),
    "recording-not-running": Meaning("The call is not being recorded, or the recording is paused.", "Read the call's recordings."),
    "recording-running": Meaning("The call is being recorded already.", "Nothing, or pause it."),
    "recording-unknown": Meaning("The company has no such recording.", "Use an `id` of the call's recordings."),
    "scope-too-narrow": Meaning(
        "The API key is limited to some queues, and the question is about the whole company.",
        "Use a key without a limit to queues, or log in as a user.",
    ),
    "screen-revoked": Meaning("The screen was revoked.", "Create another screen."),
    "screen-shows-queues": Meaning(
        "A screen of a wall asks for its queues as they are now and for the company's name and time zone, for nothing else.",
        "Log in as a user, or use an API key.",
    ),
    "screen-unknown": Meaning("The company has no such screen.", "Check the id."),
    "settings-unknown": Meaning("Nothing in the company's settings has this id.", "Check the id."),
    "speech-failed": Meaning(
        "The speech engine of the deployment could not speak the text: it has no such voice, is not installed, or did not answer in time.",
        "Choose another voice; if none works, ask the operator to look at `ATENDE_SPEECH`.",
    ),
    "telephone-not-given": Meaning(
        "The operator gives this telephone to no agent to choose.",
        "Choose one that the operator names (`phones=` of the setting `ATENDE_ASTERISK`), or let somebody choose it who has `gerenciar-agentes`.",
    ),
    "text-invalid": Meaning(
        "A text is blank, too long, or has control characters or such that turn its direction.",
        "Send 1 character or more, no more than the detail says; line breaks and tabs are allowed.",
    ),
    "too-many-blocked": Meaning("The blacklist of the IVR is full.", "Take somebody off it first."),
    "too-many-recordings": Meaning(
        "The call has as many recordings by hand as it may have.", "Pause and resume the recording instead of stopping it."
    ),
    "too-many-telephones": Meaning(
        "The agent has as many telephones as an agent may have.", "Give one up first (`DELETE /v1/phone/interface`)."
    ),
    "too-much-audio": Meaning(
        "The company has as many uploaded files of its IVRs, or as many bytes of them, as it may have.",
        "Give messages the files of other messages or texts; what no message plays makes room a day later.",
    ),
    "supervision-inactive": Meaning("The supervisor is not in this call.", "Nothing: there is nothing to leave."),
    "supervision-pending": Meaning(
        "What the supervisor asked for before is not done yet.", "Wait until the telephone was answered, or some seconds."
    ),
    "supervision-unknown": Meaning("The supervisor has asked for nothing in this call.", "Listen, whisper or join first."),
    "too-many-webhooks": Meaning("The company has as many webhooks as it may have.", "Delete one, or change one that exists."),
    "user-barred": Meaning("The user may not log in any more.", "Ask an administrator to activate the user."),
    "user-exists": Meaning("A user has this e-mail address already.", "Change the existing user, or use another address."),
    "user-inactive": Meaning("The user may not log in.", "Activate the user first."),
    "webhook-disabled": Meaning("The webhook was disabled, so nothing is posted.", "Resume it first."),
    "webhook-unknown": Meaning("The company has no such webhook, or it was deleted.", "Check the id."),
    "user-unknown": Meaning("The company has no such user.", "Check the id or the e-mail address."),
    "version-conflict": Meaning(
        "Another request changed the same object: at the same moment, on every try, or since the version that `If-Match` names.",
        "Read the object again, then send the request again.",
    ),
}
"""Every code. A new one is named in its Literal above and here."""
