"""A random history in which people and integrations leave personal data and secrets wherever the center takes a text."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from uuid import UUID, uuid4

from commands.agents import LogIn
from commands.api_keys import CreateApiKey
from commands.callbacks import RequestCallback
from commands.command_bus import CommandBus
from commands.contacts import ForgetContact, RegisterContact
from commands.handler_context import Caller, Command, Receipt
from commands.interactions import AnswerCall, ChooseOption, DialOut, EndCall, EnterIvr, NoteCall, OfferCall, ReleaseCall, StartCall
from commands.ivr import BlockCaller, RegisterIvr, SetIvrAudio
from commands.observations import ObserveCall
from commands.passwords import hashed_password
from commands.phones import OpenPhone, phone_password
from commands.queues import RegisterQueue
from commands.recordings import BeginRecording, KeepRecording, ListenToRecording, StartRecording
from commands.screens import ConnectScreen, CreateScreen
from commands.users import AppointAdministrator, ChangeUser, IssuePasswordLink, RegisterUser, SetPassword
from commands.webhooks import CreateWebhook, RotateWebhookSecret
from domain.access import PERMISSIONS
from domain.base import FORGOTTEN, NOBODY, Personal
from domain.ids import recording_id
from domain.personal_data import normalised_phone
from domain.recordings import Recording, Sound
from domain.voice.facts import Fact
from imports.running import Imports
from sounds.folder import Sounds
from store import imports as kept
from store.event_store import project
from store.media import CHUNK, SealedMedia
from store.sessions import Sessions
from tests.kit.agi import silence
from tests.kit.waiting import within

_SYLLABLES = ["zul", "mi", "ra", "quixa", "dá", "bem", "tor", "nê", "vaz", "lo", "çã", "pru", "ix", "gor", "wem"]


@dataclass
class PersonalStory:
    """Lives through it in one company. personal: every datum about a person; secrets: what opens a door."""

    bus: CommandBus
    media: SealedMedia
    sounds: Sounds
    tenant: UUID
    random: Random
    personal: set[str] = field(default_factory=set)
    secrets: set[str] = field(default_factory=set)
    contacts: list[UUID] = field(default_factory=list)
    recorded: dict[UUID, UUID] = field(default_factory=dict)
    """The calls that were recorded, with the contact of each."""
    requests: int = 0

    def __post_init__(self) -> None:
        self._caller = (self._phone(), self._cpf())

    def live(self, calls: int) -> None:
        """Some users, some contacts with names, and so many calls."""
        self._users()
        for queue in ("vendas", "ativo"):
            self._say(RegisterQueue(name=queue))
        self._say(LogIn(agent="Ana", queues=("vendas",)))
        self._ivr()
        for _ in range(calls):
            self._call()
        phone = self._say(OpenPhone(agent="Ana")).result
        self.secrets.add(phone_password(self.bus.store.keyring, self.tenant, phone["session"]))
        self._recorded_call()
        for _ in range(calls // 4):
            name, phone = self._name(), self._phone()
            self._say(RegisterContact(name=name, phones=(phone,)))

    def take_in(self, imports: Imports) -> None:
        """Import a queue log whose name has a number, with a call, a line that was cut, and a line of which nobody knows what it is."""
        at = self.bus.clock.now_us() // 1_000_000
        lines = (
            f"{at}|{at}.77|vendas|NONE|ENTERQUEUE||{self._phone()}|1",
            f"{at + 1}|{at}.77|vendas|NONE|ABANDON|1|1|1",
            f"{self._name()} {self._phone()}|x|vendas|NONE|ABANDON|1|1|1",
            f"{self._phone()}|{self._name()}",
            f"{at + 2}|{at}.78|vendas|NONE|CRMNOTE|{self._name()}|{self._phone()}",
        )
        caller = Caller(self.tenant, "operator", frozenset(PERMISSIONS))
        upload = imports.receive("queue-log", f"ligações de {self._phone()} em 2026-03-02.log", "", caller, 0)
        upload.write("\n".join(lines).encode())
        id = upload.complete().id

        def state() -> str:
            found = kept.one_of(self.bus.store.recorder.db, self.tenant, id)
            assert found is not None
            return found.content.state

        within(lambda: state() not in kept.UNFINISHED)
        assert (state(), len(kept.refused_of(self.bus.store.recorder.db, id))) == ("done", 2)

    def forget_some(self) -> None:
        """Forget every other contact, and those whose talks were recorded; their calls have ended."""
        for contact in dict.fromkeys([*self.contacts[::2], *self.recorded.values()]):
            self._say(ForgetContact(contact=contact))

    def sound_of(self, call: UUID) -> bytes | None:
        """The sound of a recorded call, as whoever has the log, the keys and the media store can have it; None if nobody can."""
        recording = project(self.bus.store.stream(recording_id(call, 0)), Recording)
        assert recording is not None
        kept = recording.must_be_kept()
        key = self.bus.store.keyring.open(kept.content_key)
        if key == FORGOTTEN:
            return None
        return b"".join(self.media.read(self.tenant, kept.media, bytes.fromhex(key), kept.size))

    def _say(self, command: Command) -> Receipt:
        """Send a command with an idempotency key and a correlation id that name somebody: the same for all commands, because what is searched for takes time."""
        phone, cpf = self._caller
        self.requests += 1
        caller = Caller(self.tenant, "operator", frozenset(PERMISSIONS), f"pedido-{self.requests}-{phone}", cpf)
        receipt = self.bus.execute(command, caller)
        again = self.bus.execute(command, caller)
        assert again.position == receipt.position
        return receipt

    def _users(self) -> None:
        sessions = Sessions(self.bus.store, self.bus.clock, "s" * 64)
        password = "Zq#7wemPru"
        self.secrets.add(password)
        hashed = hashed_password(password)
        self.secrets.add(hashed)
        email = self._email()
        links = [self._say(AppointAdministrator(email=email))]
        links += [self._say(RegisterUser(name=self._name(), email=self._email())) for _ in range(3)]
        self._say(ChangeUser(user=links[1].id, name=self._name(), email=self._email()))
        self._say(SetPassword(token=links[0].result["token"], hashed=hashed))
        links.append(self._say(IssuePasswordLink(email=email)))
        self.secrets.add(self._say(CreateApiKey(name="crm", permissions=("gerenciar-relatorio",))).result["key"])
        webhook = self._say(CreateWebhook(url=f"https://crm.example/{self._phone()}", events=("agent.paused",)))
        rotated = self._say(RotateWebhookSecret(webhook=webhook.id, overlap_ms=60_000))
        self.secrets |= {str(receipt.result["secret"]) for receipt in (webhook, rotated)}
        screen = self._say(CreateScreen(name="Sala 2"))
        self.secrets.add(self._say(ConnectScreen(token=str(screen.result["token"]))).result["device"])
        links.append(screen)
        self.secrets |= {str(receipt.result["token"]) for receipt in links}
        first = sessions.open(self.tenant, links[0].id)
        second = sessions.renew(first.token)
        assert second is not None
        self.secrets |= {first.token, second.token}

    def _call(self) -> None:
        phone, id = self._phone(), self.random.choice((f"crm-{self._phone()}", self._cpf(), f"k.{self.random.random()}"))
        if self.random.random() < 0.3:
            call = self._say(DialOut(call=id, to_number=phone, queue="ativo")).id
        else:
            call = self._say(StartCall(call=id, from_number=phone, to_number="4000")).id
            self._say(EnterIvr(interaction=call, ivr="principal"))
            self._say(ChooseOption(interaction=call, option=self._cpf()))
            self._say(OfferCall(interaction=call, queue="vendas"))
        self._say(EndCall(interaction=call))
        self._observed()
        self._remember(phone)

    def _recorded_call(self) -> None:
        """A talk that is noted down and recorded; what is said has the customer's data, in the middle of a chunk and across two."""
        phone = self._phone()
        call = self._say(StartCall(from_number=phone, to_number="4000")).id
        for command in (
            OfferCall(interaction=call, queue="vendas"),
            AnswerCall(interaction=call, agent="Ana"),
            StartRecording(interaction=call),
        ):
            self._say(command)
        recording = recording_id(call, 0)
        self._say(BeginRecording(recording=recording, monitor="0x1"))
        self._say(NoteCall(interaction=call, note=f"{self._name()}, CPF {self._cpf()}"))
        self._say(ReleaseCall(interaction=call))
        self._say(EndCall(interaction=call))
        media, said = uuid4(), f"{self._name()} {self._cpf()}".encode()
        sealed = self.media.put(self.tenant, media, [silence(0.1), said, bytes(CHUNK), said * CHUNK])
        self.secrets.add(sealed.key.hex())
        sound = Sound(media=media, size=sealed.size, type="audio/wav", sha256=sealed.sha256, duration_ms=100)
        self._say(KeepRecording(recording=recording, sound=sound, content_key=sealed.key.hex()))
        self._say(ListenToRecording(recording=recording))
        self.recorded[call] = self._remember(phone)

    def _ivr(self) -> None:
        """An IVR with an uploaded message: file and name have what the employee's program wrote into them."""
        ivr = self._say(RegisterIvr(name="recepção")).id
        sound = silence(0.1)
        named = f"INAMartist {self._name()} {self._phone()}".encode()
        named += b" " * (len(named) % 2)
        info = b"LIST" + len(named).to_bytes(4, "little") + named
        media = self.sounds.keep(self.tenant, b"RIFF" + (len(sound + info) - 8).to_bytes(4, "little") + sound[8:] + info)
        self._say(BlockCaller(ivr=ivr, number=self._phone()))
        at = self.bus.clock.now_us()
        self._say(RequestCallback(call=f"{at // 1_000_000}.9", ivr="recepção", queue="vendas", number=self._phone(), at=at))
        self._say(SetIvrAudio(ivr=ivr, message="welcome", file=f"{self._phone()}.wav", media=media))

    def _remember(self, phone: str) -> UUID:
        store = self.bus.store
        contact = store.keyring.find(store.keyring.tag(self.tenant, "phone", normalised_phone(phone)))
        assert contact is not None
        self.contacts.append(contact)
        return contact

    def _observed(self) -> None:
        """A source's call, with a line that nobody understands, and a CPF keyed before the caller's number is known."""
        at = self.bus.clock.now_us()
        facts = (
            Fact("arrived", at, clock="ami"),
            Fact("ivr_entered", at + 1, clock="ami", text="principal"),
            Fact("ivr_option", at + 2, clock="ami", text=self._cpf()),
            Fact("note", at + 3, clock="ami", text="CRMNOTE", private=Personal(NOBODY, f"{self._name()}|{self._phone()}")),
        )
        call = f"{at // 1_000_000}.{self.random.randrange(10_000)}"
        self._say(ObserveCall(call=call, facts=facts))
        number = Fact("offered", at + 4, clock="ami", queue="vendas", private=Personal(NOBODY, self._phone()))
        self._say(ObserveCall(call=call, facts=(number, Fact("hung_up", at + 5, clock="ami"))))

    def _name(self) -> str:
        words = [" ".join("".join(self.random.choices(_SYLLABLES, k=3)).title() for _ in range(2))]
        return self._kept(words[0])

    def _email(self) -> str:
        return self._kept(f"{''.join(self.random.choices('qwxzjk', k=8))}@{''.join(self.random.choices('vwkyq', k=6))}.example")

    def _phone(self) -> str:
        """A number. Whoever finds it whole or with its area finds the subscriber's part, which alone is searched for."""
        return "5531" + self._kept(f"9{self.random.randrange(60_000_000, 99_999_999)}")

    def _cpf(self) -> str:
        digits = [self.random.randrange(10) for _ in range(9)]
        for length in (9, 10):
            digits.append(sum(digit * weight for digit, weight in zip(digits, range(length + 1, 1, -1), strict=False)) * 10 % 11 % 10)
        return self._kept("".join(map(str, digits)))

    def _kept(self, datum: str) -> str:
        self.personal.add(datum)
        return datum
