"""What people say about time, in five languages: each sentence to what is planned, and what is none of it."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dobby.agent.meaning import Timed, Understood
from dobby.agent.reflex import Reflex
from dobby.agent.time_tables import tables
from dobby.jobs.conditions import Condition
from dobby.jobs.spoken import Spoken, day_of, resolve
from dobby.jobs.when import Place, When
from dobby.words import Words
from tests.agent.home import MadeHome
from tests.agent.test_house_talk import home

NOW = datetime(2026, 11, 22, 15, tzinfo=UTC)  # Sunday, 16:00 in Berlin
BERLIN = Place(ZoneInfo("Europe/Berlin"), 52.52, 13.40)
PEOPLE = ("Robin", "Sam")
MINDS = {language: Reflex(language, [], Words(language), PEOPLE) for language in ("en", "de", "nl", "es", "fr")}


def meant(said: str, language: str) -> str:
    """What a sentence comes to, on one line; "" for what is not about time."""
    read = MINDS[language].read(said, home(), None, now=0.0)
    part = next((one for one in read.parts if isinstance(one, Timed)), None) if isinstance(read, Understood) else None
    if part is None:
        return ""
    words = [f"now {one.device}.{one.trait}={one.value}" for one in (part.first.commands if part.first else ())]
    words.append(part.verb)
    if part.verb == "skip":
        words.append(day_of(part.said, NOW, BERLIN))
    elif part.said != Spoken():
        when = resolve(part.said, NOW, BERLIN)
        words.append(_when(when) if isinstance(when, When) else part.said.day or ",".join(part.said.days) or when)
        words.append("by" if part.said.by else "")
    words += [f"{one.device}.{one.trait}={one.value}" for one in part.commands]
    if (one := part.condition) is not None:
        words += [one.kind, one.device or one.person, one.trait, "" if one.value is None else str(one.value),
                  f"{one.dwell:g}s" if one.dwell else "", one.hours, "standing" if part.standing else ""]
    words += [f"“{part.text}”" if part.text else "", part.person, part.period]
    words.append(f"{part.minutes:g}" if part.minutes else "")
    words.append(f"then {' '.join(part.then.said.clocks)}" if part.then else "")
    words.append(f"to {','.join(part.to)}" if part.to else "")
    return " ".join(filter(None, words))


def _when(when: When) -> str:
    days = when.date or ",".join(when.days) or "+".join(when.dates)
    sun = f"{when.sun}{when.offset:+}" if when.sun else ""
    step = f"/{when.step} from {when.first}" if when.step else ""
    return " ".join(filter(None, [when.at[:16], days + step, when.clock, sun]))


SENTENCES = tomllib.loads((Path(__file__).parent / "sentences" / "times.toml").read_text("utf-8"))


@pytest.mark.parametrize(("language", "said", "wanted"), [
    (language, said, wanted) for language, several in SENTENCES.items() for said, wanted in several.items()])
def test_each_sentence_is_planned_as_it_was_meant(language: str, said: str, wanted: str) -> None:
    assert meant(said, language) == wanted


@pytest.mark.parametrize("said", [
    "dim the bedroom to 20", "set the spa to 38", "my dentist is at 3 on Thursday", "what time is it?",
    "is the garage open at night?", "“remind me at five”", "remember that I run at 7", "set the fan at 20",
    "mute the driveway until 6 pm", "who came by this morning?", "it was cold at 7 this morning",
    "turn off the fan and the spa", "when is sunset?", "I said turn off the fan at seven didn't I"])
def test_what_is_not_a_plan_is_left_alone(said: str) -> None:
    assert meant(said, "en") == ""


def test_every_language_has_every_table_and_every_kind_of_sentence() -> None:
    english = tables("en")
    assert english
    for language in MINDS:
        known = tables(language)
        assert known
        assert set(known.phrases) >= set(english.phrases), language
        for table in ("sentences", "conditions", "periods", "days", "parts", "sun", "weekdays", "months", "units"):
            assert set(known.raw[table]) >= set(english.raw[table]), (language, table)


@pytest.mark.parametrize(("language", "said"), [
    ("en", "let me know when the washing machine is done"),
    ("de", "sag mir Bescheid, wenn die Waschmaschine fertig ist"),
    ("fr", "préviens-moi quand la machine à laver a fini")])
def test_a_machine_has_more_than_one_name(language: str, said: str) -> None:
    plug = replace(home().devices["t1"], id="w2", name="Washer")
    read = MINDS[language].read(said, MadeHome({"w2": plug}, {}), None, now=0.0)
    assert isinstance(read, Understood)
    assert isinstance(read.parts[0], Timed)
    assert read.parts[0].condition == Condition("finished", "w2", dwell=120)
