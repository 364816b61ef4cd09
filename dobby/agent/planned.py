"""A job that is due, carried out: told, or done through the gate as its person's own order, judged as of now.

What a guest planned, what a person who is gone planned, and what asks, asks; nothing that opens the house happens
without a yes. What had begun when the process died is read back, not repeated.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import time

from dobby.agent import answers
from dobby.agent.cardio_replies import cardio_line
from dobby.agent.lived_in import live
from dobby.agent.recover import interrupted
from dobby.agent.replies import tell
from dobby.agent.turn import Agent
from dobby.home.comfort import at_night
from dobby.home.device import Command
from dobby.home.traits import Risk
from dobby.home.verdict import Choice
from dobby.jobs import cardio
from dobby.jobs.job import Due, Job
from dobby.jobs.plans import Plans
from dobby.jobs.when import When
from dobby.messages import Letter, Person
from dobby.policy import Asker, risk_of
from dobby.post import queued
from dobby.tools.drafts import address_of
from dobby.tools.hands import Done, Hands
from dobby.tools.lived import with_skill
from dobby.tools.plan_words import moment_text, what_text
from dobby.tools.plans import orders_of
from dobby.words import Words

log = logging.getLogger(__name__)


class Runner:
    """Carries out what is due. quiet: local hours, "22:00-07:00", in which what nobody waits for is held back."""

    def __init__(self, agent: Agent, plans: Plans, quiet: str = "") -> None:
        self._agent, self._plans, self._quiet = agent, plans, quiet

    async def act(self, due: Due) -> str:
        """Carry out one job; what came of it, in a word."""
        if due.job.kind in ("tell", "say", "wake"):
            text = await self._cardio(due) if cardio.is_weekly(due.job) else self._reminder(due)
            if not self._plans.acts(due):
                return "cancelled"
            await (self._others(due, text) if due.job.whom else self._say(due.job, due, text, asked=True))
            return "told"
        try:
            return await (self._order(due) if due.job.lived is None else self._live(due))
        except Exception:  # whatever broke, its person hears of it and the next job works
            log.exception("job %s", due.job.id)
            what = what_text(due.job, self._agent.house.home, self._words)
            await self._say(due.job, due, self._words.say("time.broke", what=what), asked=True)
            return "broke"

    # --- words --------------------------------------------------------------------------------------------------------

    @property
    def _words(self) -> Words:
        return self._agent.house.words

    def _when(self, due: Due) -> str:
        return moment_text(due.at, self._plans.now(), self._plans.place, self._words)

    async def _cardio(self, due: Due) -> str:
        """The week's line; on a Monday that of the week that is over."""
        monday = due.at.astimezone(self._plans.place.zone).weekday() == 0
        return await cardio_line(self._agent.house, "last_week" if monday else "week", self._plans)

    def _reminder(self, due: Due) -> str:
        """The words of a reminder, a wake-up, or what was to be told when something is so."""
        job, words, when = due.job, self._words, self._when(due)
        clock = f"{self._plans.now().astimezone(self._plans.place.zone):%H:%M}"
        if job.kind == "say":
            return job.text
        if job.kind == "wake":
            return words.say(f"time.wake_{due.fate}", clock=clock, when=when)
        if job.condition is not None and not job.reminds:
            return words.say("time.came", text=job.text)
        keys = ("time.reminder_late", "time.reminder_late_bare") if due.fate == "late" else (
            "time.reminder", "time.reminder_bare")
        return words.say(keys[not job.text], text=job.text, when=when)

    async def _others(self, due: Due, text: str) -> None:
        """To each of those it is for, at their own address, with the name of who asked; who is no longer of the house
        gets nothing, and who asked hears so."""
        job, gone = due.job, []
        for name in job.whom:
            members = [one for one in self._agent.people.values() if one.role != "guest"]
            person = next((one for one in members if one.name == name), None)
            address = address_of(person, job.conversation if name == job.person else "") if person else ""
            said = text if name == job.person else self._words.say("time.from", text=text, who=job.person)
            if not address:
                gone.append(name)
                continue
            await self._letter(f"job:{job.id}:{due.at.isoformat()}:{name}", address, said)
        if gone:
            await self._say(job, due, self._words.say("time.not_told", who=self._words.join(gone), text=text),
                            asked=True)

    async def _letter(self, key: str, address: str, text: str) -> None:
        channel, to = address.split(":", 1)
        await self._agent.house.store.together([queued(Letter(key, channel, to, text), self._plans.now())])
        self._agent.on_letter()

    async def _say(self, job: Job, due: Due, text: str, *, asked: bool) -> None:
        """A letter to the job's person, once for each time it was due; in quiet hours only what was asked for."""
        local = self._plans.now().astimezone(self._plans.place.zone)
        if not asked and self._quiet and at_night(self._quiet, local.time()):
            end = time.fromisoformat(self._quiet.split("-")[1])
            day = local.date() if local.time() < end else local.date().fromordinal(local.date().toordinal() + 1)
            await self._plans.add(Job(job.person, job.conversation, job.address, "say",
                                      When(date=day.isoformat(), clock=f"{end:%H:%M}"), text=text,
                                      made=self._plans.now()))
            return
        if not job.address:
            return
        await self._letter(f"job:{job.id}:{due.at.isoformat()}", job.address, text)

    # --- deeds --------------------------------------------------------------------------------------------------------

    async def _live(self, due: Due) -> str:
        """Lights as if lived in; its person hears only of what failed, of its end and of somebody who came home."""
        person, _ = self._asker(due.job)
        to = due.job if person.name == due.job.person else replace(due.job, person=person.name,
                                                                   address=address_of(person, ""))
        came, text = await live(self._agent, self._plans, due, person)
        if text:
            await self._say(to, due, text, asked=True)
        return came

    async def _order(self, due: Due) -> str:
        """Commands, by way of the gate."""
        job, words, house = due.job, self._words, self._agent.house
        what = what_text(job, house.home, words)
        asker, guest = self._asker(job)
        conversation = job.conversation if asker.name == job.person else address_of(asker, "")
        to = job if asker.name == job.person else replace(job, person=asker.name, conversation=conversation,
                                                          address=address_of(asker, ""))
        hands = Hands(house, Asker(asker, "program"), 0, conversation)
        if due.again and (told := await self._interrupted(hands, due)) is not None:
            await self._say(to, due, words.say("time.again", what=what, text=told), asked=False)
            return "interrupted"
        if due.fate == "missed":
            await self._say(to, due, words.say("time.missed", when=self._when(due), what=what), asked=False)
            return "missed"
        commands = orders_of(job, hands)
        if job.skill and not any(one.name == job.skill for one in house.skills):
            await self._say(to, due, words.say("time.skill_gone", name=job.skill), asked=False)
            return "failed"
        hands.turn = await self._agent.silent_turn(asker, "job", f"{job.id}:{due.at.isoformat()}:{due.run}",
                                                   conversation)
        await house.store.do("job_run_turn", id=due.run, turn=hands.turn)
        if not self._plans.acts(due):
            await self._agent.end_silent_turn(hands, words.say("time.cancelled", what=what))
            return "cancelled"
        done = await self._ask_owner(hands, job, what, commands) if guest else await hands.do(commands, tool="plan")
        text = tell(hands, done)
        await self._agent.end_silent_turn(hands, text)
        skill = next((one for one in house.skills if job.kind == "skill" and one.name == job.skill), None)
        if skill is not None and not guest:
            text = f"{text} {await with_skill(hands, skill)}".strip()
        failed = any(one.result == "failed" for one in done.outcomes)
        if done.question is not None or failed or due.fate == "late" or not job.repeats:
            await self._say(to, due, self._came(due, done, what, text), asked=True)
        return "asked" if done.question else "failed" if failed else due.fate

    def _came(self, due: Due, done: Done, what: str, text: str) -> str:
        if done.question is not None:
            return "\n".join([self._words.say("time.asks", when=self._when(due), what=what), text])
        key = "time.done_late" if due.fate == "late" else "time.done"
        return self._words.say(key, text=text, when=self._when(due))

    def _asker(self, job: Job) -> tuple[Person, bool]:
        """On whose behalf, and whether somebody else must say yes first: the owner answers for guests and for those
        who are no longer of the house."""
        people = self._agent.people.values()
        person = next((one for one in people if one.name == job.person), None)
        if person is not None and person.role != "guest":
            return person, False
        return next(one for one in people if one.role == "owner"), True

    async def _ask_owner(self, hands: Hands, job: Job, what: str, commands: tuple[Command, ...]) -> Done:
        risk = max([Risk.ASK, *(risk_of(command, hands.house.home) for command in commands)])
        text = self._words.say("time.for_guest", who=job.person, what=what)
        return Done((), await hands.offer(text, [Choice("", commands)], risk))

    async def _interrupted(self, hands: Hands, due: Due) -> str | None:
        """What the devices show of a run that had begun; None when it had not reached for the home."""
        row = await hands.house.store.one("job_run", id=due.run)
        if row is None or not row["turn"]:
            return None
        hands.turn = row["turn"]
        reply = await interrupted(hands)
        return answers.answer(hands.outcomes, hands.house.home, self._words) if reply is not None else None
