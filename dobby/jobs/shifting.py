"""A plan by so much later or earlier. Pure but for the plans' clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta

from dobby.jobs.job import Job
from dobby.jobs.plans import Plans
from dobby.jobs.when import WEEKDAYS, When, following

DAY = 1440  # minutes


def shifted(job: Job, minutes: float, plans: Plans) -> When | str:
    """When a plan comes that is put off by so many minutes (negative = sooner): a repeat every time, a single one this
    once; else a key of the words under `time.`."""
    old, at = job.when or When(), plans.next_of(job)
    if at is None:
        return "no_clock"
    later = at + timedelta(minutes=minutes)
    if old.sun:
        when = replace(old, offset=old.offset + round(minutes))
    elif old.repeats:
        days, total = divmod(int(old.clock[:2]) * 60 + int(old.clock[3:]) + round(minutes), DAY)
        if days and (old.dates or old.step):
            return "no_day"
        wanted = {WEEKDAYS[(WEEKDAYS.index(one) + days) % 7] for one in old.days}
        when = replace(old, clock=f"{total // 60:02}:{total % 60:02}",
                       days=tuple(one for one in WEEKDAYS if one in wanted))
    elif old.at:
        when = When(at=later.astimezone(UTC).isoformat())
    else:
        local = later.astimezone(plans.place.zone)
        when = When(date=local.date().isoformat(), clock=f"{local:%H:%M}")
    return when if following(when, plans.now(), plans.place) else "past"
