"""What is planned, in words made by code: the exact day and time, and what will be done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

from dobby.home.device import View
from dobby.jobs.conditions import Condition
from dobby.jobs.job import Job
from dobby.jobs.when import WEEKDAYS, Place, When
from dobby.tools.wording import grouped_text
from dobby.words import Words

SAME_YEAR = timedelta(days=334)  # a day further off than eleven months is told with its year
STATES = {("open", True): "open", ("opened", True): "open", ("open", False): "closed", ("opened", False): "closed",
          ("position", True): "open", ("position", False): "closed",
          ("on", True): "on", ("on", False): "off", ("locked", True): "locked", ("locked", False): "unlocked"}


def date_text(day: date, words: Words, today: date | None = None) -> str:
    """ "Monday 23 November", with its year where it is far from today."""
    key = "date_year" if today is not None and abs(day - today) > SAME_YEAR else "date"
    return words.say(f"time.{key}", weekday=words.say(f"weekday.{WEEKDAYS[day.weekday()]}"), day=day.day,
                     month=words.say(f"month.{day.month}"), year=day.year)


def moment_text(at: datetime, now: datetime, place: Place, words: Words) -> str:
    """ "tomorrow, Monday 23 November, 07:00"."""
    local, today = at.astimezone(place.zone), now.astimezone(place.zone).date()
    key = {0: "today", 1: "tomorrow"}.get((local.date() - today).days, "later")
    exact = f"{local:%H:%M:%S}" if local.second and at - now < timedelta(minutes=10) else f"{local:%H:%M}"
    return words.say(f"time.{key}", date=date_text(local.date(), words, today), clock=exact)


def rule_text(when: When, words: Words) -> str:
    """ "every weekday, 07:00"."""
    if when.step:
        key = "time.every_n_days" if when.days == WEEKDAYS else "time.every_n_weeks"
        days = words.say(key, count=when.step, days=words.join([words.say(f"weekday.{one}") for one in when.days]))
    elif when.days:
        sets = {WEEKDAYS: "all", WEEKDAYS[:5]: "work", WEEKDAYS[5:]: "free"}
        days = words.say(f"time.every_{sets[when.days]}") if when.days in sets else words.say(
            "time.every_days", days=words.join([words.say(f"weekday.{one}") for one in when.days]))
    else:
        yearly = [one for one in when.dates if "-" in one]
        named = [f"{int(one[-2:])} {words.say(f'month.{int(one[:2])}')}" if "-" in one else str(int(one))
                 for one in when.dates]
        days = words.say("time.every_year" if yearly else "time.every_month", dates=words.join(named))
    if not when.sun:
        return words.say("time.at", days=days, clock=when.clock)
    side = "at" if not when.offset else "before" if when.offset < 0 else "after"
    return words.say(f"time.{side}_{when.sun}", days=days, minutes=abs(when.offset))


def when_text(job: Job, at: datetime | None, now: datetime, place: Place, words: Words,
              view: View) -> str:
    """When a job comes: its exact time, its rule with the next time, or what it waits for. at: its next moment."""
    if job.condition is not None:
        text = condition_text(job.condition, view, words)
        return words.say("time.standing", what=text) if job.standing else text
    shown = moment_text(at, now, place, words) if at else ""
    if job.when is not None and job.when.repeats:
        rule = rule_text(job.when, words)
        return words.say("time.next", rule=rule, when=shown) if shown else words.say("time.never", rule=rule)
    if job.when is not None and job.when.sun and shown:
        side = "at" if not job.when.offset else "before" if job.when.offset < 0 else "after"
        sun = words.say(f"time.{side}_{job.when.sun}", days="", minutes=abs(job.when.offset)).strip()
        return words.say("time.sun", when=shown, sun=sun)
    return shown


def condition_text(condition: Condition, view: View, words: Words) -> str:
    """ "when Garage Door is open for 10 minutes between 22:00 and 06:00"."""
    device = view.devices.get(condition.device)
    name = device.name if device else condition.person or condition.device
    key: str = condition.kind
    if key == "holds":
        states = {(trait, value): state for (trait, value), state in STATES.items()}
        key = states.get((condition.trait, bool(condition.value)), "on") if condition.compare == "is" else (
            condition.compare)
    value = f"{condition.value:g}" if isinstance(condition.value, int | float) else condition.value
    text = words.say(f"time.when_{key}", name=name, value=value)
    if condition.dwell and condition.kind != "finished":
        text = words.say("time.for", what=text, span=span_text(condition.dwell, words))
    if condition.hours:
        start, end = condition.hours.split("-")
        text = words.say("time.within", what=text, start=start, end=end)
    return text


def span_text(seconds: float, words: Words) -> str:
    """ "10 minutes"."""
    if seconds < 60:
        return words.say("time.seconds", count=round(seconds))
    if seconds % 3600 == 0:
        return words.say("time.hours", count=round(seconds / 3600))
    return words.say("time.minutes", count=round(seconds / 60))


def what_text(job: Job, view: View, words: Words) -> str:
    """What a job will do."""
    if job.lived is not None:
        return words.say("lived.what_until", day=date_text(date.fromisoformat(job.lived.until), words)
                         ) if job.lived.until else words.say("lived.what")
    who = words.join(list(job.whom))
    bare = job.condition is not None and not job.reminds
    if job.whom and job.kind in ("tell", "wake"):
        key = "time.wake_other" if job.kind == "wake" else "time.tell_other" if bare else (
            "time.remind_other" if job.text else "time.remind_bare_other")
        return words.say(key, text=job.text, who=who)
    texts: dict[str, Callable[[], str]] = {
        "tell": lambda: words.say("time.tell") if bare else
        words.say("time.remind", text=job.text) if job.text else words.say("time.remind_bare"),
        "say": lambda: job.text, "wake": lambda: words.say("time.wake"),
        "skill": lambda: words.say("time.skill", name=job.skill.replace("-", " "))}
    return texts.get(job.kind, lambda: grouped_text(job.commands, view, words))()
