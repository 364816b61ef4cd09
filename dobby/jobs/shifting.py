"""A plan by so much later or earlier. Pure but for the plans' clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, timedelta

from dobby.jobs.job import Job
from dobby.jobs.plans import Plans
from dobby.jobs.spoken import MOST_DELAY
from dobby.jobs.when import WEEKDAYS, When, following

DAY = 1440  # minutes


def shifted(job: Job, minutes: float, plans: Plans) -> When | str:
    """When a plan comes that is put off by so many minutes (negative = sooner): a single one this once, a repeat every
    time; by whole weeks (what comes every day: by whole days) its next time is so much later, and then it goes on as
    before. Else a key of the words under `time.`: no plan is said to be moved that comes when it came."""
    old, at = job.when or When(), plans.next_of(job)
    if at is None:
        return "no_clock"
    if minutes > MOST_DELAY:
        return "too_far"
    later = at + timedelta(minutes=minutes)
    if old.at:
        when = When(at=later.astimezone(UTC).isoformat())
    elif old.sun or old.repeats:
        if old.sun:
            days = int(minutes / DAY)
            when = replace(old, offset=old.offset + round(minutes - days * DAY))
        else:
            days, total = divmod(int(old.clock[:2]) * 60 + int(old.clock[3:]) + round(minutes), DAY)
            when = replace(old, clock=f"{total // 60:02}:{total % 60:02}")
        if days and (old.dates or (old.step and days % 7 and 1 < len(old.days) < len(WEEKDAYS))):
            return "by_days"
        if days:
            its = (at - timedelta(minutes=old.offset)).astimezone(plans.place.zone).date()
            when = _by_days(when, days, its + timedelta(days=days))
    else:
        local = later.astimezone(plans.place.zone)
        when = When(date=local.date().isoformat(), clock=f"{local:%H:%M}")
    comes = following(when, plans.now(), plans.place, skips=job.skips)
    same = later <= plans.now() and replace(when, first=old.first) == old  # it cannot come any sooner
    return "past" if same or comes in (None, at) else when


def put_off(job: Job, minutes: float, plans: Plans) -> tuple[When, When] | str | None:
    """The next time of a repeat that cannot itself be shifted by days (the 15th of every month; two days of each second
    week), so many minutes later or sooner, by itself; and the repeat from its next time behind both on.
    None for any other plan or span; else a key of the words under `time.`."""
    if shifted(job, minutes, plans) != "by_days" or (old := job.when) is None or (at := plans.next_of(job)) is None:
        return None
    later = at + timedelta(minutes=minutes)
    local = later.astimezone(plans.place.zone)
    if old.sun or minutes % DAY == 0:
        days = int(minutes / DAY)
        its = (at - timedelta(minutes=old.offset)).astimezone(plans.place.zone).date() + timedelta(days=days)
        once = When(date=its.isoformat(), clock=old.clock, sun=old.sun,
                    offset=old.offset + round(minutes - days * DAY))
    else:
        once = When(date=local.date().isoformat(), clock=f"{local:%H:%M}")
    comes = following(once, plans.now(), plans.place)
    then = following(old, max(at, comes), plans.place, skips=job.skips) if comes else None
    if comes is None or then is None:
        return "past"
    return once, replace(old, first=then.astimezone(plans.place.zone).date().isoformat())


def _by_days(when: When, days: int, first: date) -> When:
    """So many days later, for the first time on the day `first`."""
    if when.date:
        return replace(when, date=first.isoformat())
    wanted = {WEEKDAYS[(WEEKDAYS.index(one) + days) % 7] for one in when.days}
    return replace(when, days=tuple(one for one in WEEKDAYS if one in wanted), first=first.isoformat())
