"""Greetings and thanks are known in five languages, alone and together, and nothing else is taken for them."""

from __future__ import annotations

import pytest

from dobby.agent import manners
from dobby.home.home import Home
from dobby.home.verdict import gatekeeper
from dobby.words import LANGUAGES, Words

SAID = {
    "en": {"Hello!": "hello", "hi Dobby": "hello", "Good evening, Dobby.": "evening", "thanks": "thanks",
           "Thank you so much, Dobby!": "thanks", "well done": "praise", "sorry": "sorry", "how are you?": "how",
           "hi Dobby, how are you?": "how", "thanks, see you tomorrow": "thanks", "thanks 😊": "thanks",
           "goodbye": "bye", "turn off the light, thanks": "", "thanks to Anna": "", "": "", "👍": ""},
    "de": {"Hallo Dobby": "hello", "guten Abend": "evening", "vielen Dank!": "thanks", "gut gemacht": "praise",
           "Entschuldigung": "sorry", "wie geht es dir?": "how", "tschüss": "bye", "danke für nichts": ""},
    "nl": {"hoi Dobby": "hello", "goedenavond": "evening", "dank je wel": "thanks", "goed gedaan": "praise",
           "sorry": "sorry", "hoe gaat het?": "how", "doei": "bye"},
    "es": {"hola Dobby": "hello", "buenas tardes": "evening", "muchas gracias": "thanks", "bien hecho": "praise",
           "lo siento": "sorry", "¿cómo estás?": "how", "adiós": "bye"},
    "fr": {"salut Dobby": "hello", "bonsoir": "evening", "merci beaucoup": "thanks", "bien joué": "praise",
           "désolé": "sorry", "comment ça va ?": "how", "au revoir": "bye"}}


@pytest.mark.parametrize("language", LANGUAGES)
def test_manners_are_known_and_answered_shortly(language: str) -> None:
    home, words = Home(gatekeeper()[1]), Words(language)
    for said, kind in SAID[language].items():
        assert manners.read(said, language, "Dobby") == kind, said
        if kind:
            assert 0 < len(manners.reply(kind, home, words)) < 80
