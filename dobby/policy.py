"""The policy: who may do what, decided by code outside the model. Pure: the same facts give the same verdict.

Free: light, music, shades, locking, a heater turned down. Asks: whatever a trait's value says it costs, an outlet whose
purpose the owner did not tell, pairing, anything unknown. Doors and alarm need the PIN, in two minutes, and never by
voice alone. What a stranger's words touched may do nothing that asks. The model is assumed to be hijacked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dobby.home.device import Command, View
from dobby.home.entrance import lets_in
from dobby.home.traits import Risk
from dobby.home.verdict import JOINING, PAIR, Verdict
from dobby.home.vocabulary import known
from dobby.messages import Person

Source = Literal["phrase", "model", "page", "undo", "answer", "program"]
GUEST_KINDS = ("light", "speaker")
__all__ = ["PAIR", "Asker", "Source", "judge", "risk_of"]


@dataclass(frozen=True, slots=True)
class Asker:
    """On whose behalf, through which mind, in which company: everything a verdict hangs on besides the command."""

    person: Person | None
    source: Source
    tainted: bool = False
    by_voice: bool = False
    maybe_home: bool = False  # whether somebody is known to be at home, or nobody knows of anybody


def risk_of(command: Command, view: View) -> Risk:
    """What a command may cost in this home; a trait or purpose that nobody knows asks."""
    if command.trait in JOINING:
        return Risk.ASK
    device = view.devices.get(command.device)
    row = known(command.trait, device.kind) if device else None
    if device is not None and lets_in(command, device):
        return Risk.SECURE
    if device is None or row is None:
        return Risk.ASK
    own = device.trait(command.trait) or row
    risk = max(row.risk(command.value), own.risk(command.value))
    if device.kind == "plug" and not device.in_everything:
        return max(risk, Risk.ASK)
    return risk


def judge(command: Command, asker: Asker, view: View) -> Verdict:
    """Now, ask or refuse, for one command. Reasons are keys of the words catalogue under `policy.`"""
    person = asker.person
    risk = risk_of(command, view)
    if asker.maybe_home and (command.trait, command.value) == ("armed", "away"):
        risk = max(risk, Risk.ASK)
    if person is None:
        return Verdict("refuse", risk, "stranger")
    if person.role == "guest":
        device = view.devices.get(command.device)
        elsewhere = bool(person.rooms) and (device is None or not person.shares(device.room))
        if risk > Risk.FREE or device is None or device.kind not in GUEST_KINDS or elsewhere:
            return Verdict("refuse", risk, "guest")
    if risk == Risk.FREE:
        return Verdict("now", risk)
    if risk == Risk.SECURE and asker.by_voice:
        return Verdict("refuse", risk, "voice")
    if asker.source == "answer":
        return Verdict("now", risk, "approved")
    if asker.tainted and asker.source == "model":
        return Verdict("refuse", risk, "tainted")
    if risk == Risk.SECURE and person.pin_needed and not person.pin_hash:
        return Verdict("refuse", risk, "no_pin")
    return Verdict("ask", risk, "secure" if risk == Risk.SECURE else "ask")
