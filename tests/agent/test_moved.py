"""To what time a sentence puts the plan that was just spoken of, in five languages."""

from __future__ import annotations

import pytest

from dobby.agent.moved import moved_to

SAID = {
    "en": {"make it 9": "09:00", "make that 9 o'clock": "09:00", "at 9 instead": "09:00", "move it to 9:30": "09:30",
           "make it 20 degrees": "", "make it brighter": "", "make it 20 percent": "", "at 9": "",
           "change my alarm to 9": "09:00", "make it quarter past 8": "08:15",
           "actually 9 pm": "09:00", "remind me at 9 instead": ""},
    "de": {"mach es um 9": "09:00", "lieber um 9": "09:00", "verschieb es auf 9 Uhr": "09:00", "mach es heller": ""},
    "nl": {"maak er 9 uur van": "09:00", "liever om 9": "09:00", "verzet het naar 9 uur": "09:00"},
    "es": {"mejor a las 9": "09:00", "ponlo a las 9": "09:00", "a las 9 mejor": "09:00"},
    "fr": {"plutôt à 9h": "09:00", "mets-le à 9 heures": "09:00", "à 9 heures plutôt": "09:00"}}


@pytest.mark.parametrize("language", SAID)
def test_another_time_is_heard(language: str) -> None:
    for said, clock in SAID[language].items():
        found = moved_to(said, language)
        assert (found.clocks[0] if found and found.clocks else "") == clock, said
