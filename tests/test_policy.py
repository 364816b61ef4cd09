"""The policy as a table: who, through which mind, in which company, wants what."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dobby.home.device import Command, Device, Room
from dobby.home.traits import Risk, Trait, Value
from dobby.home.vocabulary import LOCKED, ON, PLAYING, POSITION, TARGET, VOLUME
from dobby.messages import Person
from dobby.policy import PAIR, Asker, judge, risk_of

OWNER = Person("Ann", "owner", pin_hash="scrypt$00$00")
NO_PIN, PIN_OFF = Person("Ben", "owner"), Person("Cay", "owner", pin_needed=False)
GUEST = Person("Dee", "guest")


@dataclass
class View:
    devices: dict[str, Device]
    rooms: dict[str, Room] = field(default_factory=dict)

    def value(self, device: str, trait: str) -> Value:
        return None

    def reachable(self, device: str) -> bool:
        return True


def device(id_: str, kind: str, *traits: Trait, everything: bool = False) -> Device:
    return Device(id_, id_, kind, "Den", "test", traits, in_everything=everything)  # type: ignore[arg-type]


HOME = View({one.id: one for one in (
    device("lamp", "light", ON), device("box", "speaker", PLAYING, VOLUME), device("door", "lock", LOCKED),
    device("tank", "plug", ON), device("fan plug", "plug", ON, everything=True), device("heat", "thermostat", TARGET),
    device("odd", "light", Trait("frobnicate", "switch")), device("sly", "lock", LOCKED.but(risks=())))})


@pytest.mark.parametrize(("asker", "command", "said"), [
    (Asker(OWNER, "phrase"), Command("lamp", "on", False), "now"),
    (Asker(OWNER, "phrase"), Command("door", "locked", True), "now"),
    (Asker(OWNER, "phrase"), Command("door", "locked", False), "ask"),
    (Asker(OWNER, "model"), Command("door", "locked", False), "ask"),
    (Asker(OWNER, "undo"), Command("door", "locked", False), "ask"),
    (Asker(OWNER, "page"), Command("door", "locked", False), "ask"),
    (Asker(OWNER, "answer"), Command("door", "locked", False), "now"),
    (Asker(OWNER, "model", tainted=True), Command("door", "locked", False), "refuse"),
    (Asker(OWNER, "phrase", tainted=True), Command("door", "locked", False), "ask"),
    (Asker(OWNER, "model", tainted=True), Command("lamp", "on", True), "now"),
    (Asker(OWNER, "phrase", by_voice=True), Command("door", "locked", False), "refuse"),
    (Asker(OWNER, "answer", by_voice=True), Command("door", "locked", False), "refuse"),
    (Asker(NO_PIN, "phrase"), Command("door", "locked", False), "refuse"),
    (Asker(PIN_OFF, "phrase"), Command("door", "locked", False), "ask"),
    (Asker(GUEST, "phrase"), Command("lamp", "on", True), "now"),
    (Asker(GUEST, "phrase"), Command("box", "playing", True), "now"),
    (Asker(GUEST, "phrase"), Command("box", "volume", 90), "refuse"),
    (Asker(GUEST, "phrase"), Command("door", "locked", True), "refuse"),
    (Asker(GUEST, "answer"), Command("door", "locked", False), "refuse"),
    (Asker(None, "phrase"), Command("lamp", "on", True), "refuse"),
    (Asker(OWNER, "phrase"), Command("tank", "on", False), "ask"),
    (Asker(OWNER, "phrase"), Command("fan plug", "on", False), "now"),
    (Asker(OWNER, "phrase"), Command("heat", "target", 5), "now"),
    (Asker(OWNER, "phrase"), Command("heat", "target", 29), "ask"),
    (Asker(OWNER, "phrase"), Command("odd", "frobnicate", True), "ask"),
    (Asker(OWNER, "phrase"), Command("nowhere", "on", True), "ask"),
    (Asker(OWNER, "phrase"), Command("hue:1", PAIR, None), "ask"),
    (Asker(GUEST, "phrase"), Command("hue:1", PAIR, None), "refuse"),
])
def test_verdicts(asker: Asker, command: Command, said: str) -> None:
    assert judge(command, asker, HOME).say == said


def test_a_driver_cannot_talk_a_risk_down() -> None:
    assert risk_of(Command("sly", "locked", False), HOME) is Risk.SECURE


TRAITS = ["on", "locked", "volume", "target", "frobnicate", "pair"]


@given(st.sampled_from(sorted(HOME.devices)), st.sampled_from(TRAITS),
       st.one_of(st.booleans(), st.integers(0, 100), st.none()))
def test_a_hijacked_model_gets_no_further_than_the_person_is_asked(id_: str, trait: str, value: Value) -> None:
    command = Command(id_, trait, value)
    tainted = judge(command, Asker(OWNER, "model", tainted=True), HOME)
    clean = judge(command, Asker(OWNER, "model"), HOME)
    if risk_of(command, HOME) > Risk.FREE:
        assert tainted.say == "refuse"
        assert clean.say == "ask"


@pytest.mark.parametrize(("name", "kind", "trait", "value", "risk"), [
    ("Front Door", "shade", "position", 100, Risk.SECURE), ("Front Door", "shade", "position", 0, Risk.FREE),
    ("Haustür", "shade", "position", 5, Risk.SECURE), ("Rolltor", "shade", "position", 100, Risk.SECURE),
    ("Front Door Curtain", "shade", "position", 100, Risk.FREE),
    ("Bedroom Shades", "shade", "position", 100, Risk.FREE),
    ("Garage roller shutter", "shade", "position", 100, Risk.SECURE), ("Garage relay", "plug", "on", True, Risk.SECURE),
    ("Garage relay", "plug", "on", False, Risk.FREE), ("Door Bell Light", "plug", "on", True, Risk.FREE),
    ("Puerta", "shade", "position", 50, Risk.SECURE), ("Portail", "plug", "on", True, Risk.SECURE)])
def test_what_lets_somebody_in_wants_the_pin_whatever_its_hub_calls_it(name: str, kind: str, trait: str, value: Value,
                                                                       risk: Risk) -> None:
    row = {"position": POSITION, "on": ON}[trait]
    view = View({"x": Device("x", name, kind, "", "test", (row,), in_everything=True)})  # type: ignore[arg-type]
    assert risk_of(Command("x", trait, value), view) is risk
