""" "How long is left on the timer?", in five languages, and what is answered."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dobby.agent import time_talk
from dobby.agent.meaning import Miss, Timed
from dobby.agent.which_plan import span_of
from dobby.jobs.when import When
from tests.agent.home import made_home
from tests.agent.test_time_replies import NOW, Talk, talk

__all__ = ["talk"]

ASKED = {
    "en": {"how long is left on the timer?": "", "how long is left": "", "time left": "",
           "how long is it on the timer?": "",
           "how much time is left on the pasta timer?": "pasta", "how long do I have left?": ""},
    "de": {"wie lange läuft der Timer noch?": "", "wie viel Zeit bleibt noch?": "", "wie lange habe ich noch?": "",
           "wie lange läuft der Nudel Timer noch?": "nudel"},
    "es": {"¿cuánto tiempo queda?": "", "¿cuánto queda en el temporizador?": "",
           "¿cuánto le queda al temporizador de pasta?": "pasta"},
    "fr": {"combien de temps reste-t-il ?": "", "combien de temps reste-t-il sur le minuteur ?": ""},
    "nl": {"hoe lang loopt de timer nog?": "", "hoeveel tijd is er nog?": "", "hoe lang heb ik nog over?": ""}}
NAMED = {"en": ("set a pasta timer for 10 minutes", "pasta"),
         "de": ("stell einen Timer auf 10 Minuten für die Nudeln", "Nudeln"),
         "es": ("pon un temporizador de 10 minutos para la pasta", "pasta"),
         "fr": ("mets un minuteur de 10 minutes pour les pâtes", "pâtes"),
         "nl": ("zet een pasta timer op 10 minuten", "pasta")}


def read(text: str, language: str) -> Timed | None:
    found = time_talk.read(text, made_home(), language, ("Robin",), lambda _: Miss())
    return found if isinstance(found, Timed) else None


@pytest.mark.parametrize("language", ASKED)
def test_how_long_is_left_is_heard(language: str) -> None:
    for said, what in ASKED[language].items():
        found = read(said, language)
        assert found is not None, said
        assert (found.verb, found.text) == ("left", what), said
    for said in ("how long is the movie?", "how long is left on the dishwasher?"):
        assert read(said, "en") is None, said
    for said, language in (("how long is it?", "en"), ("how long do I have?", "en"), ("how much longer?", "en"),
                           ("wie lange noch?", "de"), ("hoe lang is het nog?", "nl"), ("hoe lang nog?", "nl")):
        assert read(said, language) is None, f"{said}: of what, nobody said"


@pytest.mark.parametrize("language", NAMED)
def test_a_timer_has_a_name(language: str) -> None:
    said, name = NAMED[language]
    found = read(said, language)
    assert found is not None
    assert (found.verb, found.text, found.said.minutes) == ("tell", name, 10.0)


@pytest.mark.anyio
async def test_what_is_left_is_told_of_each_timer_and_of_nothing_else(talk: Talk) -> None:
    await talk.plan("water the plants")
    assert await talk.say("how long is left on the timer?") == "No timer is running."
    await talk.say("set a pasta timer for 10 minutes")
    talk.hands.house.clock.set(NOW + timedelta(minutes=5, seconds=40))
    assert await talk.say("how long is left?") == "“pasta”: 4 minutes and 20 seconds left, until 16:10."
    await talk.say("set a 20 minute timer")
    assert (await talk.say("how long is left?")).splitlines() == [
        "“pasta”: 4 minutes and 20 seconds left, until 16:10.", "20 minutes left, until 16:25."]
    assert "“pasta”: 4 minutes" in await talk.say("how much time is left on the pasta timer?")
    assert "No plan speaks of “egg”" in await talk.say("how much time is left on the egg timer?")
    await talk.say("set a timer for 3 minutes for Tom's eggs")
    assert "“Tom's eggs”: 3 minutes left" in await talk.say("how long is left on the Tom's eggs timer?")
    assert "Cancelled" in await talk.say("cancel the Tom’s eggs timer")
    talk.plans.jobs.clear()
    await talk.plan("", When(at=(NOW + timedelta(days=1, minutes=5, seconds=10)).isoformat()))
    assert (await talk.say("how long is left?")) == (
        "23 hours and 59 minutes left, until tomorrow, Monday 23 November, 16:05.")


LENGTHS = {"en": "10 minute", "de": "zehn Minuten", "es": "10 minutos", "fr": "10 minutes", "nl": "10 minuten"}


@pytest.mark.parametrize("language", LENGTHS)
def test_a_text_that_is_a_span_is_one(language: str) -> None:
    assert span_of(LENGTHS[language], language) == 10.0
    assert span_of("pasta", language) == 0.0


@pytest.mark.anyio
async def test_a_timer_may_be_named_by_its_length(talk: Talk) -> None:
    await talk.say("set a timer for 10 minutes")
    await talk.say("set a 20 minute timer")
    assert (await talk.say("how long is left on my 10 minute timer?")).startswith("10 minutes left")
    assert "16:20" in await talk.say("cancel the 20 minute timer")
    assert len(talk.plans.planned()) == 1
    assert "No plan speaks of" in await talk.say("cancel the 20 minute timer")
