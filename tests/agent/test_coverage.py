"""The sentence data that the reflex leans on is the whole one: upstream pruned it after 2026.6.1."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from dobby.agent.grammar import load
from dobby.agent.lattice import lattice
from dobby.agent.names import gather
from dobby.agent.text import typed
from dobby.agent.upstream import Upstream
from tests.agent.home import made_home

# templates of our intents in 2026.6.1; the pruned releases hold fewer
TEMPLATES = {"en": 250, "de": 578, "es": 133, "fr": 235, "nl": 420}
SAID = {
    "en": ["get every light off", "illuminate bedroom", "change brightness of bedroom to 30"],
    "de": ["alle Leuchten in Bedroom einschalten", "Bedroom erleuchten", "stelle die Helligkeit in Bedroom auf 30 ein"],
}


def test_the_pinned_release_is_installed() -> None:
    assert version("home-assistant-intents") == "2026.6.1"


@pytest.mark.parametrize("language", TEMPLATES)
def test_the_templates_are_all_there(language: str) -> None:
    assert Upstream(language).templates == TEMPLATES[language]


@pytest.mark.parametrize("language", SAID)
def test_upstream_sentences_are_read(language: str) -> None:
    home, grammar, upstream = made_home(), load(language), Upstream(language)
    names = gather(home, grammar)
    read = [said for said in SAID[language]
            if upstream.read(lattice(typed(said, language), grammar, names).slots, home.devices)]
    assert len(read) >= 2
