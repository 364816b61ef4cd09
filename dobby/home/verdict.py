"""What the gate and the home speak of: a Verdict on commands, an Approval that waits for a person, a Permit to act.

`gatekeeper()` makes the two ends of one seal. The gate gets `mint`, the home gets `check`; nobody else holds either, so
commands that did not pass the gate cannot be executed, whichever part of the program asks.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dobby.errors import DobbyError
from dobby.home.device import Command
from dobby.home.traits import Risk

Say = Literal["now", "ask", "refuse"]
# traits of commands to the house itself, not to a device: let a new one in, try one that is being learned, keep it, let
# one go for good
PAIR, TRY, KEEP, FORGET = "pair", "try", "keep", "forget"
ERASE = "erase"  # and to the memory: leave no trace of something
TEACH = "teach"  # and to the skills: write down what was understood
END = "end"  # and to the plans: no more lights as if lived in
JOINING = frozenset({PAIR, TRY, KEEP, FORGET, ERASE, TEACH, END})


@dataclass(frozen=True, slots=True)
class Verdict:
    """The policy's word on a list of commands; `reason` is a key of the words catalogue, "" when nothing is to say."""

    say: Say
    risk: Risk = Risk.FREE
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to answer a question with yes: its name ("the study") and the exact commands it stands for."""

    name: str
    commands: tuple[Command, ...]


@dataclass(frozen=True, slots=True)
class Approval:
    """A question to one person, for one use: the exact commands (or the choices among them), until `expires`."""

    id: int
    person: str
    conversation: str
    text: str
    choices: tuple[Choice, ...]
    needs_pin: bool
    asked: datetime
    expires: datetime


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to execute exactly the commands with this digest."""

    digest: str
    verdict: Verdict
    seal: bytes


def digest(commands: Sequence[Command]) -> str:
    """SHA-256 over the commands in canonical JSON, order included."""
    rows = [[command.device, command.trait, command.value] for command in commands]
    return hashlib.sha256(json.dumps(rows, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


Mint = Callable[[Sequence[Command], Verdict], Permit]
Check = Callable[[Sequence[Command], Permit], None]


class NoPermit(DobbyError):
    """Somebody tried to command the home past the gate. This is a bug, never a person's mistake."""


def gatekeeper() -> tuple[Mint, Check]:
    """The two ends of a seal whose key lives in these closures only."""
    key = secrets.token_bytes(32)

    def seal(text: str) -> bytes:
        return hmac.digest(key, text.encode(), "sha256")

    def mint(commands: Sequence[Command], verdict: Verdict) -> Permit:
        if verdict.say != "now":
            raise NoPermit("A permit was asked for commands that may not run now.")
        text = digest(commands)
        return Permit(text, verdict, seal(text))

    def check(commands: Sequence[Command], permit: Permit) -> None:
        text = digest(commands)
        if permit.digest != text or not hmac.compare_digest(permit.seal, seal(text)):
            raise NoPermit("These commands carry no permit.")

    return mint, check
