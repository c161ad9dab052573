"""Text to speech, by a program that reads the text from its standard input and writes .wav or .mp3 to its standard output."""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import dataclass, field
from typing import Protocol

from sounds.children import Children
from sounds.conversion import NotAudio, in_telephone_quality

USUAL_VOICE = "pt-br"
_SPEAKS_WITHIN_S = 30


class SpeechUnavailable(Exception):
    """The engine could not speak: it is not installed, knows no such voice, or did not answer in time."""


class Speech(Protocol):
    """Makes sound of text."""

    @property
    def name(self) -> str:
        """The name of the engine: the same name, voice and text give the same sound."""

    def speak(self, text: str, voice: str) -> bytes:
        """The text spoken by this voice ("": the usual one), as .wav in telephone quality. Raises SpeechUnavailable, Stopping."""


@dataclass(frozen=True)
class CommandSpeech:
    """An engine that is run as a command; `{voice}` in it is replaced by the voice's name."""

    command: str
    within_s: float = _SPEAKS_WITHIN_S
    children: Children = field(default_factory=Children, compare=False)

    @property
    def name(self) -> str:
        return self.command

    def speak(self, text: str, voice: str) -> bytes:
        # The command is split before the voice is put in: a voice is never more than one argument.
        arguments = [part.replace("{voice}", voice or USUAL_VOICE) for part in shlex.split(self.command)]
        try:
            spoken = self.children.run(arguments, text.encode(), self.within_s)
            spoken.check_returncode()
            return in_telephone_quality(spoken.stdout, self.children)
        except FileNotFoundError:
            raise SpeechUnavailable(f"{arguments[0]} is not installed") from None
        except subprocess.TimeoutExpired:
            raise SpeechUnavailable(f"{arguments[0]} did not answer in {self.within_s:.0f} seconds") from None
        except (OSError, subprocess.CalledProcessError, NotAudio):
            raise SpeechUnavailable(f"{arguments[0]} could not speak with the voice {voice or USUAL_VOICE}") from None
