"""What is asked about the network, by known sentences."""

from __future__ import annotations

import pytest

from dobby.agent import net_talk
from dobby.agent.meaning import Network
from tests.agent.home import NAMES, made_home


@pytest.mark.parametrize(("language", "text", "wanted"), [
    ("en", "why do you think that's a Sonos?", Network("why", what="sonos")),
    ("en", "how do you know it's a hue bridge", Network("why", what="hue bridge")),
    ("en", "why do you think 127.77.1.61 is a light?", Network("why", "127.77.1.61", what="light")),
    ("de", "Warum glaubst du, dass das ein Sonos ist?", Network("why", what="sonos")),
    ("es", "¿Cómo sabes que es un Sonos?", Network("why", what="sonos")),
    ("fr", "Pourquoi penses-tu que c'est un Sonos ?", Network("why", what="sonos")),
    ("nl", "Waarom denk je dat dat een Sonos is?", Network("why", what="sonos")),
    ("en", "how do you know that it is the dentist appointment on Thursday", None),
])
def test_why_something_is_taken_for_what_it_is(language: str, text: str, wanted: Network | None) -> None:
    assert net_talk.read(text, made_home(NAMES), language) == wanted
