"""Answers about cardio: how often, how long, when last, and the weekly line."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from dobby.agent.meaning import Timed
from dobby.jobs import cardio
from dobby.jobs.plans import Plans
from dobby.jobs.spoken import Spoken, resolve
from dobby.tools.drafts import draft
from dobby.tools.hands import Hands, House
from dobby.tools.plan_words import date_text, moment_text
from dobby.tools.plans import keep


async def cardio_told(hands: Hands, part: Timed, plans: Plans) -> str:
    """What is asked of cardio, or its weekly line begun or ended."""
    words = hands.house.words
    if part.verb in ("cardio_weekly", "cardio_never"):
        person = hands.asker.person
        for job in [job for job in plans.planned(person.name if person else "") if cardio.is_weekly(job)]:
            await plans.cancel(job.id)
        if part.verb == "cardio_never":
            return words.say("cardio.weekly_off")
    if not cardio.machines(hands.house.home):
        return words.say("cardio.no_device")
    if part.verb == "cardio_weekly":
        said = part.said if part.said != Spoken() else Spoken(days=("sun",))
        when = resolve(said if said.timed else replace(said, part="evening"), plans.now(), plans.place)
        if isinstance(when, str):
            return words.say(f"time.{when}")
        job = draft(hands, "say", when, words.say("cardio.weekly"))
        return await keep(hands, replace(job, skill=cardio.WEEKLY))
    if part.verb == "cardio_last":
        return await _last_cardio(hands.house, plans)
    return await cardio_line(hands.house, part.period or "month", plans)


async def _last_cardio(house: House, plans: Plans) -> str:
    """When somebody trained last, for how long and with how much energy."""
    now, words = plans.now(), house.words
    found = await cardio.sessions(house.store, now - timedelta(days=3660), now)
    if not found:
        return words.say("cardio.never")
    return words.say("cardio.last", when=moment_text(found[-1].began, now, plans.place, words),
                     minutes=round(found[-1].minutes), kwh=f"{found[-1].kwh:.2f}")


async def cardio_line(house: House, period: str, plans: Plans) -> str:
    """How often, how long and with how much energy somebody did cardio in a period."""
    words = house.words
    start, end = cardio.period(period, plans.now().astimezone(plans.place.zone))
    found = await cardio.sessions(house.store, start, end)
    shown = words.say("cardio.in_month", month=words.say(f"month.{start.month}"), year=start.year) if period.startswith(
        "month_") else words.say(f"cardio.{period}")
    if not found:
        return words.say("cardio.none", period=shown)
    return words.say("cardio.day" if period in ("today", "yesterday") else "cardio.count", count=len(found),
                     period=shown, minutes=round(sum(one.minutes for one in found)),
                     kwh=f"{sum(one.kwh for one in found):.2f}",
                     last=date_text(found[-1].began.astimezone(plans.place.zone).date(), words))
