"""The reflex against lists of natural sentences in five languages, in the home's own names and in made-up ones."""

from __future__ import annotations

import json
import random
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dobby.agent.meaning import Timed
from dobby.agent.reflex import Clarify, Context, Control, Do, Miss, Question, Reflex, Refuse, RunSkill, Understood
from dobby.skills import load_skills
from tests.agent.home import MadeHome, made_home

HERE = Path(__file__).parent
LANGUAGES = ("en", "de", "es", "fr", "nl")
SKILLS = load_skills(HERE.parents[1] / "skills")[0]
ODD = ("Blue Nook", "Zimmer 7", "L'Atelier", "The Den", "Rumpelkammer", "Jean-Paul", "Salt and Pepper", "Kid's Room",
       "Room 101", "Mañana", "Østfløj", "B2", "Falcon", "Old Oak", "Off Broadway", "Casa Verde", "Grünes Eck", "Sala 3",
       "Emma's Lamp", "Tante Käthe", "Número Dos", "Chez Nous", "De Hoek", "Pluto", "Quiet Corner", "Sunny", "Tiger",
       "Big Ben", "Mont Blanc", "Kraken", "Zwei Bäume", "42", "Noctua", "Haus Anna", "Kuschelecke", "Le Grand Bleu")


@cache
def sentences(language: str) -> dict[str, Any]:
    """The file of one language: names, orders, questions, never."""
    return tomllib.loads((HERE / "sentences" / f"{language}.toml").read_text(encoding="utf-8"))


@cache
def reflex(language: str) -> Reflex:
    """A warmed reflex."""
    made = Reflex(language, SKILLS)
    made.warm(made_home())
    return made


def commands(read: Understood | Miss) -> str:
    """What a sentence came to, in the form of the sentence files."""
    if isinstance(read, Miss):
        return "miss"
    told = [part for part in read.parts if isinstance(part, Do)]
    if len(told) < len(read.parts):
        return " ".join(type(part).__name__ for part in read.parts)
    return "; ".join(f"{one.device}.{one.trait}={json.dumps(one.value)}" for part in told for one in part.commands)


def renamed(language: str, seed: int) -> Mapping[str, str]:
    """Odd names for everything that has one."""
    odd = list(ODD)
    random.Random(seed).shuffle(odd)
    return dict(zip(sentences(language)["names"], odd, strict=False))


def acts(read: Understood | Miss) -> bool:
    """Whether a reading would change anything for good; "on for an hour" ends by itself, and is planned to."""
    if not isinstance(read, Understood) or any(isinstance(part, Timed) and part.first for part in read.parts):
        return False
    return any(isinstance(part, Do | RunSkill) for part in read.parts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_natural_orders_come_to_exactly_these_commands(language: str) -> None:
    file = sentences(language)
    home = made_home(file["names"])
    assert len(file["orders"]) >= 50
    wrong = {said: found for said, wanted in file["orders"].items()
             if (found := commands(reflex(language).read(said.format(**file["names"]), home, None, now=0.0))) != wanted}
    assert wrong == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_orders_in_the_words_of_this_home(language: str) -> None:
    file = sentences(language)
    home = made_home(file["names"])
    wrong = {said: found for said, wanted in file["own"].items()
             if (found := commands(reflex(language).read(said, home, None, now=0.0))) != wanted}
    assert wrong == {}


AROUND: dict[str, list[str]] = tomllib.loads((HERE / "sentences" / "around.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_order_acts_in_a_question_a_denial_a_condition_a_plan_or_a_report(language: str) -> None:
    file = sentences(language)
    home = made_home(file["names"])
    told = [said for order in (*file["orders"], *file["own"]) for frame in AROUND[language]
            if acts(reflex(language).read(said := frame.format(order.format(**file["names"])), home, None, now=0.0))]
    assert told == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("seed", range(8))
def test_the_same_orders_in_a_renamed_home(language: str, seed: int) -> None:
    file, called = sentences(language), renamed(language, seed)
    home = made_home(called)
    wrong = {said.format(**called): found for said, wanted in file["orders"].items()
             if (found := commands(reflex(language).read(said.format(**called), home, None, now=0.0))) != wanted}
    assert wrong == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_questions_are_understood_as_questions(language: str) -> None:
    file = sentences(language)
    home = made_home(file["names"])
    for said, wanted in file["questions"].items():
        read = reflex(language).read(said.format(**file["names"]), home, None, now=0.0)
        assert isinstance(read, Understood), said
        (asked,) = read.parts
        assert isinstance(asked, Question), said
        form = f"{asked.kind} {asked.trait} {json.dumps(asked.value)}: {' '.join(asked.devices)}"
        assert form == wanted, said


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("seed", [-1, 0, 1, 2, 3])
def test_what_must_not_act_does_not(language: str, seed: int) -> None:
    file = sentences(language)
    called = file["names"] if seed < 0 else renamed(language, seed)
    home = made_home(called)
    told = [said.format(**called) for said in file["never"]["say"]
            if acts(reflex(language).read(said.format(**called), home, None, now=0.0))]
    assert told == []


def marked(language: str) -> Iterator[str]:
    """Every order with a question mark, but for those that are polite ("could you ...?")."""
    for said in sentences(language)["orders"]:
        if not said.endswith("?"):
            yield said.rstrip("!. ") + "?"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_question_mark_never_acts(language: str) -> None:
    file = sentences(language)
    home = made_home(file["names"])
    polite = reflex(language)
    told = []
    for said in marked(language):
        read = polite.read(said.format(**file["names"]), home, None, now=0.0)
        plain = polite.read(said.rstrip("?").format(**file["names"]), home, None, now=0.0)
        if acts(read) and not _asked_politely(said, language):
            told.append((said, commands(plain)))
    assert told == []


def _asked_politely(said: str, language: str) -> bool:
    first = " ".join(said.casefold().replace("¿", "").replace("-", " ").split()[:2])
    return first in {"en": {"could you"}, "de": {"könntest du", "würdest du", "kannst du"}, "es": {"podrías"},
                     "fr": {"pourrais tu", "peux tu"}, "nl": {"zou je", "kun je"}}[language]


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=120))
def test_any_text_is_read_without_an_error(text: str) -> None:
    home = made_home()
    for language in LANGUAGES:
        reflex(language).read(text, home, None, now=0.0)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(
    ["turn", "off", "on", "the", "kitchen", "lights", "and", "except", "everything", "in", "to", "40", "%", "red",
     "play",
     "it", "all", "study", "a", "bit", "brighter", "unlock", "front", "door", ",", "of", "not", "music", "volume"]),
    max_size=12))
def test_any_heap_of_words_is_read_without_an_error_and_not_never_acts(heap: list[str]) -> None:
    read = reflex("en").read(" ".join(heap), made_home(), None, now=0.0)
    if "not" in heap:
        assert not acts(read)


def say(text: str, home: MadeHome, context: Context | None = None, now: float = 0.0, here: str = "") -> Understood:
    """Read one English sentence that must be understood."""
    read = reflex("en").read(text, home, context, now=now, here=here)
    assert isinstance(read, Understood), text
    return read


@pytest.mark.parametrize(("first", "then", "wanted"), [
    ("turn off the kitchen lights", "and the bedroom", "b1.on=false; b2.on=false"),
    ("turn off the kitchen lights", "and the desk lamp too", "s1.on=false"),
    ("turn off the kitchen lights", "what about the study?", "s1.on=false"),
    ("turn off the kitchen lights", "turn them on again", "k1.on=true; k2.on=true"),
    ("turn on the desk lamp", "turn it off again", "s1.on=false"),
    ("turn on the desk lamp", "a bit brighter", "s1.brightness=60"),
    ("turn on the desk lamp", "a bit less", "s1.brightness=40"),
    ("dim the bedroom to 30", "make it warmer", "b1.color_temperature=2400; b2.color_temperature=2400"),
    ("dim the bedroom to 30", "and the study", "s1.brightness=30"),
    ("volume 20 in the study", "louder", "sp2.volume=40"),
    ("turn on the desk lamp", "set it to 40", "s1.brightness=40"),
    ("open the bedroom blind", "and the big window shade", "sh2.position=100"),
])
def test_what_was_meant_a_moment_ago(first: str, then: str, wanted: str) -> None:
    home = made_home()
    assert commands(say(then, home, say(first, home).context, now=10.0)) == wanted


def test_a_moment_ago_ends() -> None:
    home = made_home()
    context = say("turn on the desk lamp", home).context
    assert isinstance(reflex("en").read("turn it off again", home, context, now=4000.0), Miss)


def test_here_is_the_room_of_the_speaker() -> None:
    home = made_home()
    assert commands(say("turn off the light", home, here="Bathroom")) == "t1.on=false"
    assert commands(say("lights off in here", home, here="Study")) == "s1.on=false"
    assert commands(say("turn off the lights", home, here="Bedroom")) == "b1.on=false; b2.on=false"
    assert len(commands(say("turn off all the lights", home, here="Bedroom")).split("; ")) == 9


@pytest.mark.parametrize(("said", "verb", "what"), [
    ("undo", "undo", ""), ("Dobby, undo that please", "undo", ""), ("stop", "stop", ""), ("Stop!", "stop", ""),
    ("help", "help", ""), ("what can you do?", "help", ""), ("find my Sonos", "find", "sonos"),
    ("find a printer", "find", "printer"),
    ("find everything", "find", ""), ("why?", "why", ""),
    ("what's on my network?", "find", ""), ("do it again", "again", ""), ("Can you find my Sonos?", "find", "sonos"),
])
def test_words_to_dobby_himself(said: str, verb: str, what: str) -> None:
    assert say(said, made_home()).parts == (Control(verb, what),)  # type: ignore[arg-type]


@pytest.mark.parametrize(("language", "said", "what"), [
    ("en", "connect the sonos", "sonos"), ("en", "let the Hue in, please", "hue"),
    ("en", "Can you pair the lock?", "lock"), ("en", "add the kitchen Sonos speaker", "kitchen sonos"),
    ("de", "füge die Hue hinzu", "hue"),
    ("de", "kannst du das Schloss koppeln?", "schloss"), ("es", "conecta mi Sonos", "sonos"),
    ("fr", "laisse entrer la Hue", "hue"), ("nl", "voeg de Hue toe", "hue"), ("nl", "koppel het slot", "slot"),
    ("en", "connect the sonos and turn off the lamp", ""), ("en", "is the sonos connected?", ""),
    ("en", "connect", "")])
def test_what_is_to_be_let_in(language: str, said: str, what: str) -> None:
    assert reflex(language).lets_in(said, made_home()) == what


@pytest.mark.parametrize("said", ["Dobby, it's sleepy time", "sleepy time please", "Sleepy time!",
                                  "it's sleepy time, Dobby", "good night Dobby", "ok dobby, time for sleepy time"])
def test_phrases_of_skills(said: str) -> None:
    assert say(said, made_home()).parts == (RunSkill("sleepy-time"),)


@pytest.mark.parametrize(("language", "said"), [("de", "Dobby, es ist Schlafenszeit"), ("es", "buenas noches"),
                                                ("fr", "bonne nuit, Dobby"), ("nl", "Dobby, het is bedtijd")])
def test_phrases_of_skills_in_other_languages(language: str, said: str) -> None:
    read = reflex(language).read(said, made_home(), None, now=0.0)
    assert isinstance(read, Understood)
    assert read.parts == (RunSkill("sleepy-time"),)


@pytest.mark.parametrize(("said", "names"), [
    ("turn on the fan in the bathroom", ("fan", "Bathroom", "Study")),
    ("turn off the dishwasher", ("dishwasher",)),
    ("turn on the sauna lights", ("sauna",)),
    ("turn off the gizmotron", ("gizmotron",)),
    ("make the desk lamp red", ("Desk Lamp",)),
    ("volume 20 in the kitchen", ("Kitchen", "Living Room")),
    ("play Metallica in the study", ("Metallica", "Jazz Radio")),
    ("open the front door", ("Front Door",)),
    ("set the kitchen to 400 percent", ("100",)),
    ("everything off except the attic", ("attic",)),
])
def test_what_is_not_there_is_refused_by_name(said: str, names: tuple[str, ...]) -> None:
    (refused,) = say(said, made_home()).parts
    assert isinstance(refused, Refuse)
    assert all(name in refused.text for name in names), refused.text


@pytest.mark.parametrize(("language", "said", "refusal"), [
    ("en", "unlock the front door", "There is no lock here."),
    ("de", "schließ die Haustür auf", "Hier gibt es nichts namens Schloss."),
    ("es", "desbloquea la puerta principal", "Aquí no hay cerradura."),
    ("fr", "déverrouille la porte d'entrée", "Il n'y a pas de serrure ici."),
    ("nl", "ontgrendel de voordeur", "Er is hier geen slot."),
])
def test_a_home_without_a_lock_says_so(language: str, said: str, refusal: str) -> None:
    whole = made_home()
    home = MadeHome({id_: one for id_, one in whole.devices.items() if one.kind != "lock"}, whole.rooms, whole.readings)
    read = reflex(language).read(said, home, None, now=0.0)
    assert isinstance(read, Understood)
    assert read.parts == (Refuse(refusal),)


def test_a_title_and_its_volume_are_two_deeds() -> None:
    home = made_home()
    for said in ("play jazz radio in the study at 20 %", "play jazz radio in the study at volume 20"):
        assert commands(say(said, home)) == 'sp2.volume=20; sp2.play="Jazz Radio"'


@pytest.mark.parametrize("said", ["lock the back door", "turn off the inside lights", "turn off the other lights"])
def test_a_word_that_tells_one_thing_from_another_is_not_passed_over(said: str) -> None:
    assert not acts(reflex("en").read(said, made_home(), None, now=0.0))


def test_what_follows_with_a_deed_of_its_own_keeps_it() -> None:
    home = made_home()
    context = say("turn off the kitchen lights", home).context
    assert commands(say("and the desk lamp on", home, context)) == "s1.on=true"


def test_outlets_in_a_heap_spare_the_fridge() -> None:
    home = made_home()
    assert commands(say("turn off all plugs", home)) == "g2.on=false"
    assert commands(say("turn off the fridge", home)) == "g1.on=false"
    assert not acts(reflex("en").read("turn off the plugs in the kitchen", home, None, now=0.0))


def test_one_picked_out_of_a_group_goes_its_own_way() -> None:
    assert commands(say("turn on the bedroom lights and turn off the bedside lamp", made_home())) \
        == "b2.on=true; b1.on=false"


@pytest.mark.parametrize(("said", "wanted"), [
    ("group the study sonos with the living room sonos", 'sp2.group="sp1"'),
    ("group the study and the living room", 'sp2.group="sp1"'),
    ("ungroup the study", 'sp2.group=""'),
    ("take the study sonos out of the group", 'sp2.group=""'),
])
def test_players_join_and_leave(said: str, wanted: str) -> None:
    assert commands(say(said, made_home())) == wanted


def test_two_things_of_one_name_are_asked_about() -> None:
    (asked,) = say("turn off the ceiling", made_home()).parts
    assert isinstance(asked, Clarify)
    assert asked.options == ("Ceiling (Kitchen)", "Ceiling (Bedroom)")
    assert [command.device for _, told in asked.choices for command in told] == ["k1", "b2"]


@pytest.mark.parametrize(("said", "wanted", "corrected"), [
    ("turn off the kichen lights", "k1.on=false; k2.on=false", (("kichen", "Kitchen"),)),
    ("turn on the desk lmap", "s1.on=true", (("lmap", "Lamp"),)),
    ("dim the bathrom to 20", "t1.brightness=20", (("bathrom", "Bathroom"),)),
])
def test_typing_mistakes_are_put_right_and_named(said: str, wanted: str,
                                                 corrected: tuple[tuple[str, str], ...]) -> None:
    read = say(said, made_home())
    assert commands(read) == wanted
    assert isinstance(read.parts[0], Do)
    assert read.parts[0].corrected == corrected


@pytest.mark.parametrize("said", ["unlok the front door", "unlock the frnt door", "unlock the front dor"])
def test_no_typing_mistake_unlocks(said: str) -> None:
    assert not acts(reflex("en").read(said, made_home(), None, now=0.0))


def test_a_miss_names_something_it_can_do() -> None:
    read = reflex("en").read("compose an opera", made_home(), None, now=0.0)
    assert isinstance(read, Miss)
    assert acts(reflex("en").read(read.nearest, made_home(), None, now=0.0))


def test_steps_start_from_the_reading() -> None:
    home = made_home()
    home.readings["s1", "brightness"] = None
    (refused,) = say("make the desk lamp brighter", home).parts
    assert isinstance(refused, Refuse)
    home.readings["s1", "brightness"] = 95
    assert commands(say("make the desk lamp brighter", home)) == "s1.brightness=100"
