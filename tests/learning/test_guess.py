"""From unknown to driven by rule, without a model, over real sockets: what is guessed, what is tried, what is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from dobby.home.device import Settings
from dobby.learning.guess import guess
from dobby.learning.look import look
from dobby.learning.meanings import meaning
from dobby.learning.trial import attempt
from tests.learning import gadgets
from tests.learning.gadgets import HOST, Gadget
from tests.learning.odd import ODD, running

pytestmark = pytest.mark.anyio
QUICK = Settings(timeout=3.0)
Made = Callable[..., AbstractAsyncContextManager[Gadget]]
# device -> its kind, the traits that it sets, those that it only shows
GUESSED: dict[str, tuple[Made, str, set[str], set[str]]] = {
    "json": (gadgets.breeze, "fan", {"on", "speed"}, set()),
    "xml and forms": (gadgets.glow, "light", {"on", "brightness"}, set()),
    "websocket": (gadgets.hum, "speaker", {"on", "volume"}, set()),
    "openapi": (gadgets.ember, "thermostat", {"target", "mode"}, {"current"}),
    "upnp": (gadgets.wink, "light", {"on", "brightness"}, set()),
}


@pytest.mark.parametrize("style", GUESSED)
async def test_from_unknown_to_driven_by_rule(style: str) -> None:
    made, kind, sets, shows = GUESSED[style]
    async with made() as gadget:
        before = dict(gadget.state)
        draft = guess(await look(HOST, [gadget.port]))
        assert draft is not None
        assert draft.kind == kind
        assert all(method == "GET" for method, _ in gadget.asked)  # nothing is set before somebody said yes
        assert gadget.state == before
        trial = await attempt(draft, HOST, {}, QUICK)
        assert trial.recipe is not None, trial.said
        assert trial.back
        assert gadget.state == before
        assert {one.trait.name for one in trial.recipe.abilities if one.set} == sets
        assert {one.trait.name for one in trial.recipe.abilities if not one.set} == shows


async def test_what_takes_its_time_is_waited_for() -> None:
    async with gadgets.breeze(delay=2.0) as gadget:
        draft = guess(await look(HOST, [gadget.port]))
        assert draft is not None
        trial = await attempt(draft, HOST, {}, QUICK)
        assert trial.recipe is not None, trial.said
        assert trial.recipe.requests["set_speed"].method == "PUT"


async def test_what_says_yes_and_does_nothing_is_not_learned() -> None:
    async with gadgets.breeze(deaf=True) as gadget:
        draft = guess(await look(HOST, [gadget.port]))
        assert draft is not None
        trial = await attempt(draft, HOST, {}, QUICK, patience=0.6)
        assert trial.recipe is None
        assert trial.said


async def learned(name: str) -> str:
    """What is wrong with what was learned of an odd device; "" for nothing."""
    odd = ODD[name]
    async with running(odd) as gadget:
        draft = await asyncio.to_thread(guess, await look(HOST, [gadget.port]))
        if draft is None or draft.kind != odd.kind:
            return f"{name}: taken for {draft.kind if draft else 'nothing'}"
        trial = await attempt(draft, HOST, {}, QUICK)
        sets = {one.trait.name for one in trial.recipe.abilities if one.set} if trial.recipe else set()
        if not trial.trait or not odd.sets <= sets:
            return f"{name}: {trial.said} {sets}"
        return "" if gadget.state == odd.state and trial.back else f"{name}: not put back"


async def test_styles_that_were_met_nowhere() -> None:
    """A dozen devices at once: other keys, nesting, units, words, bodies and delays, none of them known to a rule."""
    assert [one for one in await asyncio.gather(*map(learned, ODD)) if one] == []


@pytest.mark.parametrize(("name", "trait"), [
    ("targetRh", "target_humidity"), ("target_humidity", "target_humidity"), ("humiditySetpoint", "target_humidity"),
    ("rhNow", "humidity"), ("humidity", "humidity"), ("targetTemp", "target"), ("setpoint", "target"),
    ("lum", "brightness")])
def test_a_name_is_read_as_engineers_write_it(name: str, trait: str) -> None:
    meant = meaning(["status", name], 45, {}, "sensor")
    assert meant is not None
    assert meant.trait == trait
