"""What answers a question, and what only looks like it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dobby.memory.answering import answers, fitting, repeats, somebody_elses
from dobby.memory.notes import Fact, Origin

PEOPLE = ("Anna", "Robin", "Kim")
GREG = Origin("Greg", "owner", "2026-11-22 18:04", 1)
RIGHT = [  # a question, what was said, about whom
    ("when is my dentist?", "my dentist is at 3 on Thursday", "robin"),
    ("when do the bins go out?", "bins go out on Wednesday", ""),
    ("which day do the bins go out?", "bins go out on Wednesday", ""),
    ("where is the spare key?", "the spare key hangs behind the boiler", ""),
    ("who loves jazz?", "Kim likes jazz", ""),
    ("what's the wifi code?", "The wifi code is blue42", ""),
    ("what does Anna hate?", "Anna hates bright light in the study", "anna"),
    ("is Anna allergic to peanuts", "is allergic to peanuts", "anna"),
    ("what is in box 3?", "box 3 holds the drill", ""),
    ("how does Anna take her tea?", "Anna likes her tea with milk", ""),
    ("where do we keep the spare key?", "the spare key hangs behind the boiler", ""),
    ("what did Aunt Gerda sell?", "Aunt Gerda sold her boat for 4200 euros", ""),
    ("where did the plumber leave his toolbox?", "the plumber left his toolbox behind the shed", ""),
    ("wann gehen die Mülltonnen raus?", "die Mülltonnen am Mittwoch rausgehen", ""),
    ("wann kommt die Putzfrau?", "Die Putzfrau kommt am Mittwoch", ""),
    ("wo ist der Ersatzschlüssel?", "Der Ersatzschlüssel hängt hinter dem Kessel", ""),
]
WRONG = [
    ("why is the sky blue", "the wifi code is blue 42", ""),
    ("where is crate 3", "box 3 holds the drill", ""), ("where is box 4", "box 3 holds the drill", ""),
    ("what car does Jan drive?", "Sam now drives a red car", ""),
    ("what red car does jan drive?", "Sam now drives a red car", ""),
    ("who hates jazz?", "Kim loves jazz", "kim"), ("who likes jazz?", "Kim hates jazz", "kim"),
    ("who likes jazz?", "Kim does not like jazz", "kim"), ("who likes the piano?", "Leo plays the piano", ""),
    ("who is at home right now", "the spare key is at home in the shed", ""),
    ("who is at home?", "I work from home on Fridays", "robin"),
    ("where is Anna?", "Anna is allergic to peanuts", "anna"), ("where is Zoe?", "Zoe likes tea", ""),
    ("wie geht es Zoe?", "Zoe mag Tee", ""), ("what is blue?", "the wifi code is blue", ""),
    ("warum ist der Himmel blau", "der WLAN-Code ist blau 42", ""), ("wer hasst Jazz?", "Kim liebt Jazz", "kim"),
    ("wer mag Jazz?", "Kim mag keinen Jazz", "kim"), ("wo ist Kiste 3?", "Karton 3 steht im Keller", ""),
    ("welches Auto fährt Jan?", "Sam fährt jetzt ein rotes Auto", ""),
]


@pytest.mark.parametrize(("question", "text", "who"), RIGHT)
def test_what_holds_what_was_asked_is_an_answer(question: str, text: str, who: str) -> None:
    assert answers(question, text, who, people=PEOPLE)


@pytest.mark.parametrize(("question", "text", "who"), WRONG)
def test_another_matter_is_none(question: str, text: str, who: str) -> None:
    assert not answers(question, text, who, people=PEOPLE)


@pytest.mark.parametrize(("question", "text", "who", "near"), [
    ("who is sensitive to brightness?", "Anna hates bright light", "anna", True),
    ("what makes Anna ill?", "Anna is allergic to nuts", "anna", True),
    ("what makes Kim ill?", "Anna is allergic to nuts", "anna", False),
    ("what car does Jan drive?", "Sam drives a red car", "", False),
    ("who hates jazz?", "Kim loves jazz", "kim", False), ("what is in crate 4?", "box 3 holds the drill", "", False)])
def test_a_meaning_answers_only_about_the_same_one(question: str, text: str, who: str, near: bool) -> None:
    assert answers(question, text, who, people=PEOPLE, likeness=0.6) is near


def test_what_is_past_or_anothers_is_told_apart() -> None:
    fact = Fact("aaaaaa", "people/kim", "my dentist is at 3 on Thursday", GREG)
    assert somebody_elses("when is my dentist?", fact, "Robin", PEOPLE)
    assert not somebody_elses("when is my dentist?", fact, "Kim", PEOPLE)
    for text in ("Anna's birthday is on 4 May", "Annas Geburtstag ist am 4. Mai", "la fiesta de Anna"):
        assert somebody_elses("when is my birthday? wann ist mein Geburtstag", replace(fact, subject="home", text=text),
                              "Robin", PEOPLE[1:])
    assert not somebody_elses("where are my keys?", replace(fact, subject="home", text="the keys hang in the hall"),
                              "Robin", PEOPLE)
    assert repeats("you know, my dentist is at 3 on Thursday", [replace(fact, until="2026-11-23 10:00")])
    assert not repeats("my dentist is at 3 on Thursday", [fact])


FACTS = [Fact("a", "home", "The spare key hangs behind the boiler", GREG),
         Fact("b", "people/robin", "my anniversary is on 4 May", GREG), Fact("c", "home", "Tom likes sushi", GREG),
         Fact("d", "home", "Tom hates sushi rolls", GREG), Fact("e", "people/kim", "my anniversary is in June", GREG),
         Fact("f", "home", "Der Ersatzschlüssel hängt im Keller", GREG)]


@pytest.mark.parametrize(("what", "ids"), [
    ("the spare key", "a"), ("my anniversary", "b"), ("Tom likes sushi", "c"), ("Tom", "cd"), ("sushi", "cd"),
    ("the bicycle", ""), ("den Ersatzschlüssel", "f"), ("den Ersatzschlüssel gesagt habe", "f"), ("that", "")])
def test_what_is_meant_to_be_forgotten(what: str, ids: str) -> None:
    assert "".join(fact.id for fact in fitting(what, FACTS, "Robin")) == ids
