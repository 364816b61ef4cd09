"""How long is left of the timers that run: "how long is left on the pasta timer?"."""

from __future__ import annotations

from datetime import timedelta

from dobby.agent.meaning import Timed
from dobby.agent.which_plan import is_one, speaks
from dobby.jobs.job import Job
from dobby.jobs.plans import Plans
from dobby.tools.hands import Hands
from dobby.tools.plan_words import moment_text, what_text
from dobby.tools.plans import listing
from dobby.words import Words


async def left(hands: Hands, part: Timed, plans: Plans) -> str:
    """A line for each timer of this person, or what else they put off by so long ("the porch light on for five
    minutes"); that there is none. part.text: the timer that is named, "" for all."""
    person, words = hands.asker.person, hands.house.words
    mine = [job for job, _ in listing(hands, plans, for_me=True) if job.when is not None and job.when.at
            and person is not None and person.name in (job.person, *job.whom)]
    running = [job for job in mine if is_one(job, "cancel_timers")] or mine
    if part.text and running:
        running = [job for job in mine if speaks(hands, job, part, plans)]
        if not running:
            return words.say("time.no_such", what=part.text)
    if len(running) == 1 and running[0].person == (person.name if person else ""):
        await plans.speak_of(running[0], hands.conversation)
    elif running:
        await plans.speak_of_several(hands.conversation)
    return "\n".join(_line(hands, job, plans) for job in running) or words.say("time.no_timer")


def _line(hands: Hands, job: Job, plans: Plans) -> str:
    words, now, at = hands.house.words, plans.now(), plans.next_of(job)
    if at is None:
        return what_text(job, hands.house.home, words)
    local, today = at.astimezone(plans.place.zone), now.astimezone(plans.place.zone).date()
    when = f"{local:%H:%M}" if local.date() == today else moment_text(at, now, plans.place, words)
    span = span_left(at - now, words)
    if job.kind == "tell" and not job.text and not job.whom:
        return words.upper(words.say("time.left", span=span, when=when))
    what = f"“{job.text}”" if job.kind == "tell" and job.text else what_text(job, hands.house.home, words)
    return words.upper(words.say("time.left_of", what=what, span=span, when=when))


def span_left(span: timedelta, words: Words) -> str:
    """ "1 hour and 5 minutes", "4 minutes and 20 seconds"; to the minute from an hour on."""
    seconds = max(round(span.total_seconds()), 1)
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    parts = [words.say(key, count=count) for key, count in (
        ("time.hours", hours), ("time.minutes", minutes), ("time.seconds", 0 if hours else rest)) if count]
    return words.join(parts)
