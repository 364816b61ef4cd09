"""Answers say what the devices confirmed, name each that did not, and nothing else."""

from __future__ import annotations

import pytest

from dobby.agent.answers import answer, answer_question, help_text
from dobby.agent.meaning import Do, Question, Understood
from dobby.agent.reflex import Reflex
from dobby.errors import ErrorKind
from dobby.home.device import Command, Fault, Outcome
from dobby.home.traits import Value
from dobby.words import LANGUAGES, Words
from tests.agent.home import made_home

WORDS = Words("en")


def done(device: str, trait: str, value: Value, read: Value = None) -> Outcome:
    """A confirmed outcome."""
    return Outcome(Command(device, trait, value), "confirmed", value if read is None else read)


def failed(device: str, trait: str, value: Value, kind: ErrorKind = "unreachable") -> Outcome:
    """A failed outcome."""
    return Outcome(Command(device, trait, value), "failed", error=Fault(kind, "It broke."))


def test_all_confirmed() -> None:
    home = made_home()
    said = answer([done("k1", "on", False), done("k2", "on", False)], home, WORDS, about="Kitchen lights")
    assert said == "Kitchen lights are off."


def test_many_are_counted_by_kind() -> None:
    home = made_home()
    lights = [done(one.id, "on", False) for one in home.devices.values() if one.kind == "light"]
    players = [done(one, "playing", False) for one in ("sp1", "sp2")]
    said = answer([*lights, *players], home, WORDS, about="everything")
    assert said == "9 lights off and Living Room Sonos and Study Sonos paused."


def test_the_one_that_failed_is_named_and_no_other() -> None:
    home = made_home()
    lights = [done(one.id, "on", False) for one in home.devices.values() if one.kind == "light" and one.id != "s1"]
    said = answer([*lights, failed("s1", "on", False)], home, WORDS, about="all lights")
    assert "Desk Lamp did not answer" in said
    assert not any(one.name in said for one in home.devices.values() if one.id not in ("s1",) and one.name != "Ceiling")
    assert "all lights" not in said.casefold()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["unreachable", "refused", "mismatch", "timeout", "unknown", "range", "policy"])
def test_nothing_is_claimed_where_nothing_was_confirmed(language: str, kind: ErrorKind) -> None:
    words = Words(language)
    said = answer([failed("s1", "on", False, kind)], made_home(), words, about="Desk Lamp")
    assert "Desk Lamp" in said
    assert words.say("answer.done", subject="Desk Lamp", state=words.say("state.on.no"), count=1) not in said


def test_values_are_read_back_and_mistakes_named() -> None:
    home = made_home()
    assert answer([done("s1", "on", True), done("s1", "brightness", 40, 41)], home, WORDS, about="Desk Lamp") \
        == "Desk Lamp is at 41 %."
    said = answer([done("k1", "on", False)], home, WORDS, about="Ceiling", corrected=[("cieling", "Ceiling")])
    assert said.startswith("I read “cieling” as Ceiling.")
    assert "red" in answer([done("k1", "color", {"x": 0.64, "y": 0.33})], home, WORDS)
    assert "21.5 °C" in answer([done("h1", "target", 21.5)], home, WORDS)


def test_what_one_group_shows_is_said_once_and_whites_have_names() -> None:
    home = made_home()
    both = [done(id_, trait, value, read) for id_ in ("b1", "b2")
            for trait, value, read in (("brightness", 20, 20), ("color_temperature", 2200, 2198))]
    assert answer(both, home, WORDS) == "Bedside Lamp and Ceiling are at 20 % and warm white (2200 K)."
    said = answer([*both, done("sp1", "playing", False)], home, WORDS)
    assert said == "Bedside Lamp and Ceiling at 20 % and warm white (2200 K); Living Room Sonos paused."
    assert answer([done("k2", "color", {"x": 0.388, "y": 0.374})], home, WORDS) == "Counter Strip is warm white."


def test_what_is_left_out_is_called_by_its_own_name() -> None:
    home = made_home()
    reflex = Reflex("en", ())
    for said, about in (("all lights off except counter strip", "all lights except Counter Strip"),
                        ("all lights off except the lights in the study", "all lights except Study lights")):
        read = reflex.read(said, home, None, now=0.0)
        assert isinstance(read, Understood)
        (part,) = read.parts
        assert isinstance(part, Do)
        assert part.about == about
    off = [done("k1", "on", False)]
    assert answer(off, home, WORDS, about="everything except Bed Strip") == "Everything except Bed Strip is off."


def test_sent_is_not_done() -> None:
    said = answer([Outcome(Command("sp1", "next", None), "sent")], made_home(), WORDS)
    assert said == "Told Living Room Sonos, which cannot show me whether it is so."


def test_a_lamp_that_failed_its_colour_is_not_said_to_be_done() -> None:
    said = answer([done("k1", "on", True), failed("k1", "brightness", 40)], made_home(), WORDS, about="Ceiling")
    assert "Ceiling is" not in said


def test_unreachable_is_unknown_and_never_off() -> None:
    home = made_home()
    home.dead = {"k1", "k2"}
    said = answer_question(Question("is", ("k1", "k2"), "on", False, "Kitchen lights"), home, WORDS)
    assert "unknown" in said
    assert "off" not in said
    said = answer_question(Question("everything_off", ("k1", "s1"), "on", False, "everything"), home, WORDS)
    assert "Desk Lamp is not off" in said
    assert "Ceiling does not answer" in said


def test_questions_are_answered_from_readings() -> None:
    home = made_home()
    home.readings["s1", "on"] = False
    which = answer_question(Question("which", ("s1", "t1"), "on", True, "all lights"), home, WORDS)
    assert which == "Mirror Light is on."
    assert answer_question(Question("is", ("s1",), "on", True, "Desk Lamp"), home, WORDS) == "No, Desk Lamp is not on."
    assert "Blue in Green" in answer_question(Question("playing", ("sp1", "sp2"), "title", None, ""), home, WORDS)
    assert answer_question(Question("value", ("h1",), "current", None, ""), home, WORDS) == "Bedroom Radiator: 19.5 °C."
    assert answer_question(Question("count", ("s1", "t1"), "on", True, ""), home, WORDS).startswith("One is on.")


@pytest.mark.parametrize("language", LANGUAGES)
def test_help_speaks_of_this_home(language: str) -> None:
    text = help_text(made_home(), Words(language))
    assert "Kitchen" in text
    assert "Front Door" in text
