"""What goes along when everything about something is erased: plans and taught skills that are about it, pictures that
were sent with words about it."""

from __future__ import annotations

from dataclasses import dataclass

from dobby.jobs.job import Job
from dobby.store import mentions
from dobby.tools.hands import House


@dataclass(frozen=True, slots=True)
class Along:
    """jobs and taught: what goes along; kept: skills that name it too, but are the house's or a person's own files;
    named: things of the home that bear it in their names."""

    jobs: tuple[Job, ...]
    taught: tuple[str, ...]
    kept: tuple[str, ...]
    named: tuple[str, ...]


async def along(house: House, words: str) -> Along:
    """What is about these words besides memory and talk."""
    taught, kept = await house.teaching.naming(words) if house.teaching else ((), ())
    jobs = house.plans.jobs.values() if house.plans else ()
    named = [one.name for one in house.home.devices.values()
             if any(mentions(name, words) for name in (one.name, *one.aliases))]
    return Along(tuple(one for one in jobs if _about(one, words) or one.skill in taught), taught, kept, tuple(named))


def _about(job: Job, words: str) -> bool:
    person = job.condition.person if job.condition else ""
    return any(mentions(one, words) for one in (job.text, job.skill.replace("-", " "), person, *job.whom)) or (
        job.person.casefold() == words.casefold())


async def take_along(house: House, words: str) -> None:
    """Take it; the numbers are left in the house, for the answer, which must not name it."""
    found = await along(house, words)
    for job in found.jobs:
        if house.plans is not None:
            await house.plans.cancel(job.id)
        await house.store.do("erase_job", id=job.id)
    if house.sights is not None:
        await house.sights.drop_erased()
    if house.teaching is not None and found.taught:
        await house.teaching.drop_named(found.taught)
    house.taken_along = len(found.jobs), len(found.taught)
