"""What is planned, kept: jobs in the database, the next moment of each in memory, and what is due started once.

A run is on disk before anything is done (with the letter, where the job is a text), and the job has moved on by then,
so that no death of the process makes it run twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from dobby.home.home import Changed, Home
from dobby.jobs import conditions, moments
from dobby.jobs.dropped import Dropped
from dobby.jobs.job import Due, Job, load
from dobby.jobs.lived import Lived
from dobby.jobs.runs import Runs
from dobby.jobs.topics import Topics
from dobby.jobs.warming import Warming
from dobby.jobs.when import Place, following
from dobby.store import Row, Store, stamp

log = logging.getLogger(__name__)
KEPT = timedelta(days=60)  # how long what is over can still be asked about
MOST = 200  # jobs of one person


@dataclass(slots=True)
class Plans:
    """The jobs of the house. act carries out one that is due and says what came of it; people: who is at home, by
    name; also_hears: who else wants every change of the home, in the same order."""

    store: Store
    home: Home
    now: Callable[[], datetime]
    place: Place
    people: conditions.People = dict
    act: Callable[[Due], Awaitable[str]] | None = None
    also_hears: Callable[[Changed], Awaitable[None]] | None = None
    warming: Warming = field(init=False)
    _topics: Topics = field(init=False)
    jobs: dict[int, Job] = field(default_factory=dict)
    _next: dict[int, datetime | None] = field(default_factory=dict)
    _watched: dict[str, set[int]] = field(default_factory=dict)
    _soonest: datetime | None = None
    _runs: Runs = field(init=False)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _changes: asyncio.Queue[Changed | None] | None = None
    _dropped: Dropped = field(init=False)
    _tidied: str = ""

    def __post_init__(self) -> None:
        self.warming, self._topics = Warming(self.store, self.home, self.now), Topics(self.store, self.now)
        self._dropped, self._runs = Dropped(self.store, self.now), Runs(self._carry_out)

    # --- keeping ------------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Read what is planned; runs that a dead process had begun are taken up by `run`."""
        await self.warming.open()
        for row in await self.store.all("jobs_on"):
            self._keep(load(row))
        await self._topics.open(self.jobs.values())
        await self._dropped.open()
        self._rearrange()

    def _keep(self, job: Job) -> None:
        self.jobs[job.id] = job
        if job.lived is not None or job.when is not None:
            self._next[job.id] = moments.first(job, self.place)
        for device in {one for one in (job.condition.device if job.condition else "", *_heated(job)) if one}:
            self._watched.setdefault(device, set()).add(job.id)

    def _drop(self, id_: int) -> None:
        self.jobs.pop(id_, None)
        self._next.pop(id_, None)
        for ids in self._watched.values():
            ids.discard(id_)

    async def add(self, job: Job) -> Job:
        """Keep a new job; it is on disk when this returns. ValueError when its person has too many, or it never comes.
        """
        if sum(one.person == job.person for one in self.jobs.values()) >= MOST:
            raise ValueError("full")
        if job.condition:
            job = replace(job, wait=conditions.begun(job.condition, self._so(job.condition)))
        elif job.when is None or following(job.when, job.made, self.place) is None:
            raise ValueError("never")
        job = replace(job, id=await self.store.do("job_add", **job.values()))
        self._keep(job)
        await self.speak_of(job)
        self._rearrange()
        return job

    async def cancel(self, id_: int, *, put_out: bool = True) -> bool:
        """It does not come any more, nor does what has begun of it and has done nothing yet; False where it is being
        done just now. Lamps that it has lit go out, unless the caller sees to that."""
        async with self._lock:  # never between its run and what starts it
            job, now = self.jobs.get(id_), self.now()
            runs = self._runs.call_off(id_)
            statements: list[tuple[str, dict[str, object]]] = [
                ("job_called_off" if runs else "job_cancel", {"id": id_}),  # what comes once is done where it has begun
                *(("job_run_end", {"id": run, "ended": stamp(now), "came": "cancelled"}) for run in runs)]
            lit = put_out and job is not None and job.lived is not None and bool(job.lived.lit)
            if lit:
                statements.append(("job_run_add", {"job": id_, "due": stamp(now), "began": stamp(now)}))
            in_time = not any(one.job.id == id_ for one in self._runs.acting())
            made = await self.store.together(statements)
            self._drop(id_)
            self._rearrange()
            if lit and job is not None and made[-1]:
                self._runs.start(Due(job, made[-1], now))
        return in_time

    async def drop(self, jobs: Sequence[Job], conversation: str, turn: int = 0, *, put_out: bool = True) -> list[Job]:
        """Cancel what somebody says, so that it can be had back for a while, also after a restart; what of it is being
        done just now."""
        late = [job for job in jobs if not await self.cancel(job.id, put_out=put_out)]
        await self._dropped.keep(conversation, [job.id for job in jobs], turn)
        return late

    async def relive(self, id_: int, kept: Lived) -> None:
        """What a job that makes the house look lived in remembers from now on."""
        await self.store.do("job_lived", id=id_, lived=kept.dump())
        if id_ in self.jobs:
            self._keep(replace(self.jobs[id_], lived=kept))
            self._rearrange()

    async def renamed(self, old: str, new: str) -> None:
        """A skill is called otherwise: the plans that run it, too."""
        await self.store.do("jobs_renamed", old=old, new=new)
        for job in [one for one in self.jobs.values() if one.kind == "skill" and one.skill == old]:
            self.jobs[job.id] = replace(job, skill=new)

    async def finish(self, id_: int) -> None:
        """It is done for good."""
        await self.store.do("job_done", id=id_)
        self._drop(id_)
        self._rearrange()

    def lived(self) -> Job | None:
        """The job that makes the house look lived in, None where nobody is on vacation."""
        return next((job for job in self.jobs.values() if job.lived is not None), None)

    def dropped(self, conversation: str) -> int | None:
        """The turn in which something was cancelled that can be had back; None for nothing."""
        return self._dropped.turn(conversation)

    async def restore(self, conversation: str) -> tuple[list[Job], list[Job]]:
        """What was cancelled last in a conversation is planned again, but for what comes only once and is past."""
        ids = await self._dropped.take(conversation)
        found = [await self.store.one("job", id=id_) for id_ in ids]
        past = [job for job in [load(row) for row in found if row is not None]
                if not job.repeats and (job.last is not None or (
                    job.when is not None and following(job.when, self.now(), self.place) is None))]
        for id_ in set(ids) - {job.id for job in past}:
            await self.store.do("job_restore", id=id_)
        rows = [await self.store.one("job", id=id_) for id_ in ids]
        jobs = [load(row) for row in rows if row is not None and row["state"] == "on"]
        for job in jobs:
            self._keep(job)
        await self.speak_of_several(conversation, jobs if len(jobs) == 1 else ())
        await self.look_again()
        return jobs, past

    async def skip(self, id_: int, day: str, conversation: str = "") -> None:
        """Leave out one local day of a repeat."""
        job, today = self.jobs[id_], self.now().astimezone(self.place.zone).date().isoformat()
        job = replace(job, skips=tuple(sorted({one for one in (*job.skips, day) if one >= today})))
        await self.store.do("job_skips", id=id_, skips=str(job.values()["skips"]))
        self._keep(job)
        await self.speak_of(job, conversation)
        self._rearrange()

    def next_of(self, job: Job) -> datetime | None:
        """When it is due next (UTC); None for what waits for a condition."""
        return self._next.get(job.id)

    def planned(self, person: str = "") -> list[Job]:
        """What is planned, of one person or all, the next first, what waits for a condition last."""
        far = datetime.max.replace(tzinfo=UTC)
        return sorted((job for job in self.jobs.values() if person in ("", job.person)),
                      key=lambda job: (self.next_of(job) or far, job.id))

    async def speak_of(self, job: Job, conversation: str = "") -> None:
        """ "That" means this one for a while, also after a restart; where it was made, or in another conversation."""
        await self._topics.speak(conversation or job.conversation, [job.id])

    async def speak_of_several(self, conversation: str, together: Sequence[Job] = ()) -> None:
        """ "That" may be any of them for a while; together: it is all of these."""
        await self._topics.speak(conversation, [job.id for job in together])

    def spoken_of(self, conversation: str) -> Job | None:
        """The job that was made or told of last in a conversation, where that is fresh, and only one."""
        jobs = self.spoken_together(conversation)
        return jobs[0] if len(jobs) == 1 else None

    def spoken_together(self, conversation: str) -> list[Job]:
        """The jobs that were made or told of last as one thing, where that is fresh."""
        topic = self._topics.fresh(conversation)
        return [self.jobs[id_] for id_ in topic.ids if id_ in self.jobs] if topic else []

    def over(self, conversation: str) -> tuple[int, ...]:
        """The plans that a conversation is about and that came, or were cancelled, since."""
        topic = self._topics.fresh(conversation)
        return tuple(id_ for id_ in topic.ids if id_ not in self.jobs) if topic else ()

    def acting(self) -> list[Job]:
        """What comes only once and is being done just now."""
        return [due.job for due in self._runs.acting() if not due.job.repeats]

    def spoken_at(self, conversation: str) -> datetime | None:
        """When a plan, or several, were spoken of last in a conversation."""
        return self._topics.at(conversation)

    def topic(self, conversation: str) -> datetime | None:
        """Since when a plan, or several, are what a conversation is about; None where none is."""
        if job := self.spoken_of(conversation):
            return job.made
        topic = self._topics.fresh(conversation)
        return topic.at if topic and (not topic.one or self.spoken_together(conversation)) else None

    # --- what is due --------------------------------------------------------------------------------------------------

    def start_of(self, job: Job) -> datetime | None:
        """When it must begin (UTC): heating earlier than it is due."""
        due = self._next.get(job.id)
        if due is None or job.kind != "heat":
            return due
        return due - max((self.warming.lead(one) for one in job.commands if one.trait == "target"), default=timedelta())

    def _rearrange(self) -> None:
        """The soonest moment at which something may be due."""
        now = self.now()
        self._soonest = min((at for job in self.jobs.values() for at in (
            self.start_of(job), moments.deadline(job, now, self.place)) if at), default=None)

    def next_due(self) -> datetime | None:
        """The soonest moment at which something may be due (UTC)."""
        return self._soonest

    def idle(self) -> bool:
        """Whether all that is due is done, and every change of the home was taken in."""
        heard = self._changes is None or self._changes.empty()
        return heard and self._runs.idle() and (self._soonest is None or self._soonest > self.now())

    async def settled(self) -> None:
        """Wait until what was started is done."""
        await self._runs.settled()

    async def tick(self) -> None:
        """Look at the clock: start what is due."""
        now = self.now()
        if self._soonest is None or self._soonest > now:
            return
        async with self._lock:
            for job in list(self.jobs.values()):
                if job.condition is not None:
                    await self._consider(job)
                elif (start := self.start_of(job)) is not None and start <= now:
                    await self._begin(job, moments.latest(job, self._next[job.id], now, self.place))
            self._rearrange()

    async def _consider(self, job: Job) -> None:
        """A condition, as things are now."""
        if job.condition is None or (job.last is not None and not job.repeats):
            return
        now, so = self.now(), self._so(job.condition)
        wait, fires = conditions.step(job.condition, job.wait, so, conditions.works(job.condition, self.home), now)
        if fires:
            await self._begin(replace(job, wait=wait), now)
        elif wait != job.wait:
            self.jobs[job.id] = replace(job, wait=wait)
            await self.store.do("job_wait", id=job.id, wait=wait.dump())

    def _so(self, condition: conditions.Condition) -> bool | None:
        return conditions.truth(condition, self.home, self.people(), self.now().astimezone(self.place.zone))

    async def _begin(self, job: Job, at: datetime) -> None:
        """Put the run on disk and the job behind it, then carry it out. What comes only once stays until it acts, so
        that it can be cancelled."""
        now, state = self.now(), "on" if job.repeats else "done"
        day = at.astimezone(self.place.zone).date().isoformat() if job.when is not None else ""
        made = await self.store.together([
            ("job_run_add", {"job": job.id, "due": stamp(at), "began": stamp(now)}),
            ("job_ran", {"id": job.id, "last": stamp(at), "day": day, "state": state, "wait": job.wait.dump()})])
        now_kept = self.jobs.get(job.id)  # it may be over, or remember more, since
        job = replace(job, last=at, day=day, lived=now_kept.lived if now_kept else job.lived)
        if now_kept is not None:
            self._keep(job)
        if not made[0]:
            self._leave(job)
            return
        late = max(now - at, timedelta()) if job.when is not None else timedelta()
        self._runs.start(Due(job, made[0], at, late))

    async def halt(self) -> None:
        """Stop was said: the plans that run end now, and are not taken up again."""
        await self._runs.halt()

    def acts(self, due: Due) -> bool:
        """To be asked right before the first deed of what is due: False where it was cancelled since it began."""
        if acts := self._runs.acts(due):
            self._leave(due.job)
        return acts

    def _leave(self, job: Job) -> None:
        if not job.repeats:
            self._drop(job.id)

    async def _carry_out(self, due: Due) -> None:
        try:
            came = await self.act(due) if self.act is not None else ""
        except asyncio.CancelledError:
            if not self._runs.halted():
                raise  # the house closes: it is taken up at the next start
            came = "stopped"
        except Exception:  # one job's surprise must not stop the others
            log.exception("job %s", due.job.id)
            came = "broke"
        self._leave(due.job)
        await self.store.do("job_run_end", id=due.run, ended=stamp(self.now()), came=came)
        if due.job.lived is None:  # lamps that nobody asked about are nothing that "that" could mean
            await self.speak_of(due.job)

    # --- running ------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Take up what was begun, then hear the home for ever."""
        for row in await self.store.all("job_runs_open"):
            job = await self.store.one("job", id=row["job"])
            if job is not None:
                self._runs.start(_again(load(job), row, self.now()))
        try:
            with self.home.listen() as changes:
                self._changes = changes
                await self.look_again()
                while True:
                    await self._hear(await changes.get())
        finally:
            self._changes = None

    async def _hear(self, change: Changed | None) -> None:
        if change is None:
            await self.look_again()
            return
        if self.warming.heard(change):
            await self.warming.keep()
        if self.also_hears is not None:
            await self.also_hears(change)
        if change.pending or (ids := self._watched.get(change.device)) is None:
            return
        async with self._lock:
            for job in [self.jobs[id_] for id_ in ids if id_ in self.jobs]:
                await self._consider(job)
            self._rearrange()

    async def look_again(self) -> None:
        """Every condition, as things are now (somebody came or went, or the home was read anew)."""
        async with self._lock:
            for job in list(self.jobs.values()):
                await self._consider(job)
            self._rearrange()
        today = self.now().date().isoformat()
        if today != self._tidied:
            self._tidied = today
            before = stamp(self.now() - KEPT)
            await self.store.together([("jobs_tidy", {"before": before}), ("job_runs_tidy", {"before": before})])

    async def close(self) -> None:
        """Leave what runs; it is taken up at the next start."""
        await self._runs.close()


def _heated(job: Job) -> Sequence[str]:
    return [one.device for one in job.commands if one.trait == "target"] if job.kind == "heat" else []


def _again(job: Job, row: Row, now: datetime) -> Due:
    at = datetime.fromisoformat(row["due"])
    return Due(job, row["id"], at, max(now - at, timedelta()), again=True)
