"""The second ear: what a grammar lets one say next, how two ears are weighed, and the real model over real speech."""

from __future__ import annotations

import numpy as np
import pytest

from dobby.voice import moonshine
from dobby.voice.moonshine import Moonshine, Tokens, pace
from dobby.voice.phrases import Sayable, grammar
from dobby.voice.second import ENOUGH, Opinion, alike, denies, goes_on, weighed
from dobby.voice.wordnet import END, Way, sentence, walk
from tests.voice.ends import needs_speaker, spoken

HOME = Sayable(("Study", "Kitchen"), (("Desk Lamp", "light", "Study"), ("Ceiling", "light", "Kitchen")),
               ("sleepy time", "good night"))
JSGF = """#JSGF V1.0;
grammar home;
<room> = study | living room;
public <top> = [dobby] (lights (on | off) [please] | (open | close) the <room> door | hello);
"""


def after(way: Way, *words: str) -> set[str]:
    """What may come after some words."""
    ways: list[Way | None] = [way]
    for word in words:
        ways = [to for one in ways if one is not None for to in one.words().get(word, ())]
    return {word for one in ways for word in (one.words() if one is not None else {END: ()})}


def test_a_grammar_is_walked_word_by_word() -> None:
    way = walk(JSGF)
    assert after(way) == {"dobby", "lights", "open", "close", "hello"}
    assert after(way, "dobby") == {"lights", "open", "close", "hello"}
    assert after(way, "lights") == {"on", "off"}
    assert after(way, "lights", "on") == {"please", END}
    assert after(way, "dobby", "close", "the") == {"study", "living"}
    assert after(way, "open", "the", "living", "room") == {"door"}
    assert after(way, "open", "the", "study", "door") == {END}
    assert after(way, "lights", "door") == set()
    assert after(sentence("lights on"), "lights", "on") == {END}


@pytest.mark.parametrize("wrong", ["", "<top> = (lights on;", "<top> = lights <gone>;", "<other> = lights;",
                                   "<top> = lights on);"])
def test_a_grammar_that_is_none_is_said(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        walk(wrong)


def test_the_grammar_of_a_home_can_be_walked() -> None:
    way = walk(grammar(HOME).jsgf)
    assert {"turn", "dim", "sleepy", "dobby"} <= after(way)
    assert {"desk", "ceiling", "study", "the", "lights"} <= after(way, "dim")
    assert after(way, "turn", "off", "the", "desk") == {"lamp"}
    assert {END, "please"} <= after(way, "turn", "off", "the", "desk", "lamp")


def test_words_are_joined_as_the_model_learned_them() -> None:
    texts = ["<unk>", "<s>", "</s>", *(f"byte{at}" for at in range(256)), "on", "▁l", "▁la", "mp", "▁", "l", "a", "m",
             "p", "o", "n", ","]
    tokens = Tokens(b"".join(bytes([len(one.encode())]) + one.encode() for one in texts))
    assert [tokens.texts[one].decode() for one in tokens.of("lamp")] == ["▁la", "mp"]
    assert tokens.text([*tokens.of("on"), tokens.mark(","), *tokens.of("lamp")]) == "on lamp"
    assert tokens.of("日") == tokens.of("")  # what no token writes is left out


def test_a_sentence_takes_its_time() -> None:
    assert pace("turn off the kitchen lights", 1.7) > -0.5
    assert pace("no", 1.7) < -8
    assert pace("turn off the kitchen lights", 0.4) < -8


def heard(free: float, written: str, **likely: float) -> Opinion:
    """A second ear that hears the same twice."""
    return Opinion({text.replace("_", " "): (value, value) for text, value in likely.items()}, (free, free),
                   (written, written))


def test_what_both_hear_is_believed_and_what_neither_is_sure_of_is_not() -> None:
    both = heard(-1.5, "Lights off.", lights_off=-2.0, lights_on=-9.0)
    assert weighed("lights off", 0.9, both)[0] == "lights off"
    assert weighed("lights off", 0.9, both)[1] > 0.9
    text, sure = weighed("lights on", 0.05, heard(-1.0, "lights off", lights_off=-1.0, lights_on=-15.0))
    assert text == "lights off"
    assert 0.05 < sure < weighed("lights off", 0.9, both)[1]
    assert weighed("", 0.0, heard(-2.0, "five of us", lights_off=-22.0))[1] < ENOUGH / 5
    assert weighed("good night", 0.1, heard(-3.0, "a goat", good_night=-18.0, lights_on=-17.5))[1] < ENOUGH / 5


def test_a_sentence_that_goes_on_is_no_order() -> None:
    said = heard(-6.0, "Louder, please. I cannot hear you!", louder_please=-5.0)
    assert weighed("louder please", 0.9, said) == ("louder please", 0.0)
    once = Opinion({"turn off everything": (-2.0, -2.0)}, (-2.0, -3.0), ("turn off anything",
                                                                     "turn off everything in the video"))
    assert weighed("turn off everything in the study", 0.9, once)[1] == 0.0
    assert goes_on("Stop it right now.", "stop")
    assert goes_on("turn off the lights. no, leave them on.", "turn off the lights")
    assert not goes_on("Turn off the lights right now, Dobby. Thanks!", "turn off the lights", "dobby")
    assert not goes_on("stopwatch", "stop")
    assert not goes_on("stop", "stop")


def test_a_no_before_an_order_is_believed_if_it_is_heard_once() -> None:
    said = Opinion({"can you turn off the lights": (-4.0, -3.0)}, (-4.0, -4.0), ("can you turn off the lights",
                                                                             "never turn off the lights"))
    assert weighed("turn off the lights", 0.9, said)[1] == 0.0
    assert denies("Please don't open the shade", "dobby open the shade", "dobby")
    assert not denies("lock no meal door", "lock the mill door")
    assert not denies("don't hide", "good night")


def test_little_words_change_nothing() -> None:
    assert alike("turn the lights off", "turn lights off please") == 1.0
    assert alike("turn the lights off", "turn the lamp off") < 1.0
    assert alike("we're home", "we are home") == 1.0
    assert alike("goodnight", "good night") == 1.0
    assert alike("", "lights off") == 0.0
    assert alike("the", "please") == 1.0
    assert alike("turn off all the lights", "turn off the lights") < 1.0


@needs_speaker
@pytest.mark.skipif(moonshine.folder() is None, reason="no second ear here: sh scripts/ears")
def test_the_model_tells_an_order_from_talk() -> None:
    where = moonshine.folder()
    assert where is not None
    ear, way = Moonshine(where), walk(grammar(HOME).jsgf)

    def opinion(text: str) -> tuple[str, float]:
        samples = np.frombuffer(spoken(text), "<i2").astype(np.float32) / np.float32(32768)
        found = ear.hear(samples, len(samples) / 16000 - 0.6, way, "dobby", "good night")
        assert found is not None
        assert "good night" in found.likely
        best = max(found.likely, key=lambda one: sum(found.likely[one]))
        return best, max(free - likely for free, likely in zip(found.free, found.likely[best], strict=True))
    for order in ("turn off the desk lamp", "sleepy time", "dobby dim the study lights to forty percent"):
        text, lost = opinion(order)
        assert (text, lost < 13.0) == (order, True)
    minute = np.zeros(30 * 16000, np.float32)  # longer than the model's mask reaches by itself
    assert ear.hear(minute, 30.0, way, "dobby", "") is not None
    for talk in ("the ferry leaves from the other pier", "somebody knocked at the window last night"):
        assert opinion(talk)[1] > 18.0
