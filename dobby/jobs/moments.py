"""When one job is due: its next moment, the last of several that were missed, and when a condition must be looked at
again. Pure, all in UTC."""

from __future__ import annotations

from datetime import datetime, timedelta

from dobby.jobs import conditions, lived
from dobby.jobs.job import Job
from dobby.jobs.when import Place, following, moment


def first(job: Job, place: Place) -> datetime | None:
    """The next moment after it ran last, or was made; None when none comes, or it waits for a condition."""
    since = max(job.last or job.made, job.made)
    if job.lived is not None:
        return lived.moments(job.lived, since, place)[0]
    return following(job.when, since, place, done=job.day, skips=job.skips) if job.when is not None else None


def latest(job: Job, due: datetime | None, now: datetime, place: Place) -> datetime:
    """The moment it was due, which `due` is the first of; of a repeat that was missed several times the last one."""
    due = due or now
    if job.lived is not None:  # of what was slept through nothing is done one by one
        ahead = lived.moments(job.lived, max(job.last or job.made, job.made), place)
        return max(at for at in ahead if at <= now)
    while job.when is not None and job.when.repeats:
        later = following(job.when, due, place, skips=job.skips)
        if later is None or later > now:
            break
        due = later
    return due


def deadline(job: Job, now: datetime, place: Place) -> datetime | None:
    """When a condition that holds now, or whose hours begin, must be looked at again."""
    if job.condition is None:
        return None
    if (at := conditions.deadline(job.condition, job.wait)) is not None or not job.condition.hours:
        return at
    local, (start, end) = now.astimezone(place.zone), job.condition.hours.split("-")
    edges = [moment(local.date() + timedelta(days=ahead), clock, place.zone)
             for ahead in (0, 1) for clock in (start, end)]
    return min(edge for edge in edges if edge > now)
