"""Signs that are no words: courtesy is put aside, a name or a bare order with one is never read as something wider."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from dobby.agent.meaning import Miss, Understood
from dobby.agent.reflex import Reflex
from dobby.home.device import Command, Device, Room
from dobby.home.traits import Value
from dobby.home.vocabulary import BRIGHTNESS, ON


@dataclass
class View:
    devices: dict[str, Device]
    rooms: dict[str, Room] = field(default_factory=lambda: {"Den": Room("Den")})

    def value(self, device: str, trait: str) -> Value:
        return True

    def reachable(self, device: str) -> bool:
        return True


def home(*names: str) -> View:
    return View({f"x:{at}": Device(f"x:{at}", name, "light", "Den", "x", (ON, BRIGHTNESS))
                 for at, name in enumerate(names)})


def test_courtesy_is_put_aside() -> None:
    read = Reflex("en", []).read("turn off the owl please \U0001f64f", home("Owl", "Fox"), None, now=0.0)
    assert isinstance(read, Understood)
    assert read.parts[0].commands == (Command("x:0", "on", False),)  # type: ignore[union-attr]  # a Do


@pytest.mark.parametrize("text", ["turn on \U0001f4a1\U0001f525", "turn on the \U0001f4a1\U0001f525", "\U0001f4a1 off"])
def test_a_sign_that_may_be_a_name_is_not_dropped(text: str) -> None:
    view, reflex = home("\U0001f4a1\U0001f525", "Fox"), Reflex("en", [])
    before = reflex.read("turn everything off", view, None, now=0.0)
    assert isinstance(before, Understood)
    assert isinstance(reflex.read(text, view, before.context, now=1.0), Miss)
