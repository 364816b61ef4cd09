"""To what time a sentence puts the plan that was just spoken of, in five languages."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dobby.agent.moved import Move, moved, moved_to, read
from dobby.jobs.spoken import Spoken
from dobby.jobs.when import When, following
from tests.agent.test_time_replies import NOW, Talk, talk

__all__ = ["talk"]

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


LATER = {
    "en": {"half an hour later": 30, "push it back by 20 minutes": 20, "an hour earlier": -60,
           "make it 10 minutes later": 10, "move it up by 5 minutes": -5, "20 minutes sooner": -20,
           "push it": 0, "see you later": 0},
    "de": {"eine halbe Stunde später": 30, "verschieb es um 20 Minuten": 20, "eine Stunde früher": -60},
    "nl": {"een half uur later": 30, "maak het 20 minuten later": 20, "een uur eerder": -60},
    "es": {"media hora más tarde": 30, "una hora antes": -60},
    "fr": {"une demi-heure plus tard": 30, "repousse-le d'une semaine": 10080, "avance-le de 10 minutes": -10}}


@pytest.mark.parametrize("language", LATER)
def test_so_much_later_is_heard(language: str) -> None:
    for said, minutes in LATER[language].items():
        found = read(said, language)
        assert (found.minutes if found else 0) == minutes, said


def test_a_named_plan_is_heard() -> None:
    assert read("change my alarm to 8", "en") == Move(said=Spoken(clocks=("08:00", "20:00"), sure=False), what="alarm")
    assert read("push the plumber reminder back by 20 minutes", "en") == Move(20, what="plumber reminder")
    assert read("dim the lamp to 20", "en") is None


@pytest.mark.anyio
async def test_a_repeat_is_put_off_by_whole_weeks_and_then_goes_on_as_before(talk: Talk) -> None:
    async def say(text: str) -> str:
        return await moved(talk.hands, text) or await talk.say(text)

    def comes() -> list[str]:
        [job] = talk.plans.planned()
        assert job.when
        first = following(job.when, talk.plans.now(), talk.plans.place)
        assert first == talk.plans.next_of(job)
        second = following(job.when, first, talk.plans.place) if first else None
        return [f"{one.astimezone(talk.plans.place.zone):%d %b %H:%M}" for one in (first, second) if one]
    assert "Every Monday, 07:00 (next: tomorrow" in await say("every Monday at 7 remind me to air the bedroom")
    assert "Monday 30 November" in await say("move that by a week")
    assert comes() == ["30 Nov 07:00", "07 Dec 07:00"]
    assert "Monday 14 December" in await say("push it two weeks")
    assert "Monday 7 December" in await say("make it a week earlier")
    assert comes() == ["07 Dec 07:00", "14 Dec 07:00"]
    assert "Every Monday, 09:00 (next: Monday 7 December" in await say("move it to 9 o'clock")
    assert "over" in await say("make it three weeks earlier")
    assert comes() == ["07 Dec 09:00", "14 Dec 09:00"]
    await say("cancel that")
    await say("every day at 7 remind me to stretch")
    await say("push it by two days")
    assert comes() == ["25 Nov 07:00", "26 Nov 07:00"]
    assert "over" in await say("make it a week earlier")
    await say("cancel that")
    await say("every two weeks on Monday at 7 remind me to water the plants")
    await say("push it by a week")
    assert comes() == ["30 Nov 07:00", "14 Dec 07:00"]
    await say("cancel that")
    await say("every day at sunset remind me to close the gate")
    assert "Sunday 29 November" in await say("push it by a week")
    assert "after sunset" not in await say("what is planned?")


@pytest.mark.anyio
async def test_what_comes_on_a_date_is_put_off_once_and_then_comes_as_before(talk: Talk) -> None:
    async def say(text: str) -> str:
        return await moved(talk.hands, text) or await talk.say(text)

    def comes() -> list[str]:
        found = [(at, job.when) for job in talk.plans.planned() if job.when and (at := talk.plans.next_of(job))]
        return [f"{at.astimezone(talk.plans.place.zone):%d %b %Y %H:%M}" for at, _ in found]
    await say("every month on the 15th at 9 remind me to pay the rent")
    said = await say("push it by a week")
    assert said == ("Moved. Tuesday 22 December, 09:00: remind you: pay the rent. After that as before: "
                    "every month on day 15, 09:00 (next: Friday 15 January, 09:00).")
    assert comes() == ["22 Dec 2037 09:00", "15 Jan 2038 09:00"]
    await say("make it 10 days earlier")
    assert comes() == ["12 Dec 2037 09:00", "15 Jan 2038 09:00"], "it is the single one that was spoken of"
    assert "over" in await say("make it 4 weeks earlier")
    await say("cancel that")
    assert comes() == ["15 Jan 2038 09:00"]
    await say("cancel all plans")
    await say("every 24 December at 18:00 remind me to light the candles")
    assert "Wednesday 23 December, 18:00" in await say("make it a day earlier")
    assert comes() == ["23 Dec 2037 18:00", "24 Dec 2038 18:00"]
    await say("cancel all plans")
    await talk.plan("train", When(days=("mon", "thu"), clock="07:00", step=2, first="2037-11-23"))
    await say("push the train reminder back by 2 days")
    assert comes() == ["25 Nov 2037 07:00", "26 Nov 2037 07:00"]
    [again] = [job.when for job in talk.plans.planned() if job.when and job.when.days]
    third = following(again, NOW + timedelta(days=5), talk.plans.place)
    assert third is not None
    assert third.date().isoformat() == "2037-12-07", "every second week, as before"


@pytest.mark.anyio
async def test_the_plan_just_made_comes_later_and_the_named_one_too(talk: Talk) -> None:
    async def say(text: str) -> str:
        return await moved(talk.hands, text) or await talk.say(text)
    assert "no wake-up" in await say("change my alarm to 8")
    assert "17:00" in await say("remind me at five to call Anna")
    assert "17:30: remind you: call Anna" in await say("push it back by half an hour")
    await say("remind me every Monday at 23:50 to sleep")
    assert "every Tuesday, 00:20" in (await say("push it back by 30 minutes")).lower().replace("tuesday", "Tuesday")
    assert "17:10: remind you: call Anna" in await say("move the Anna reminder 20 minutes earlier")
    assert "over" in await say("move it 3 hours earlier")
    await say("wake me at 7")
    await say("remind me at six to eat")
    assert "08:00: wake you" in await say("change my alarm to 8")
    assert len(talk.plans.planned()) == 4
    talk.plans.jobs.clear()
    assert await moved(talk.hands, "half an hour later") == ""
    assert await say("push it back by 20 minutes") == "Nothing is planned."


@pytest.mark.anyio
async def test_what_comes_with_the_sun_on_a_date_moves_by_the_hours_beside_the_days_too(talk: Talk) -> None:
    async def offset(text: str) -> int:
        await talk.say("every year on 24 December at sunset remind me to light the tree")
        before = talk.plans.next_of(talk.plans.planned()[0])
        assert before is not None
        assert "Moved" in await moved(talk.hands, text)
        after = talk.plans.next_of(talk.plans.planned()[0])
        assert after is not None
        talk.plans.jobs.clear()
        return round((after - before).total_seconds() / 3600)
    assert await offset("make it a day and an hour later") == 25
    assert await offset("make it a day and an hour earlier") == -25
