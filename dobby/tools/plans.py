"""Plans: what a person wants done or said at a time, checked like an order now and judged again when it is due. The
same function keeps what was said in plain words and what the model planned."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from dobby.home.device import Command
from dobby.jobs.conditions import PRESENCE
from dobby.jobs.job import Job
from dobby.jobs.plans import Plans
from dobby.jobs.spoken import Spoken, resolve
from dobby.jobs.when import WEEKDAYS, Sun, When
from dobby.policy import Asker, judge
from dobby.skills import commands as skill_commands
from dobby.tools.devices import Order, orders
from dobby.tools.drafts import draft
from dobby.tools.hands import Hands
from dobby.tools.plan_words import moment_text, what_text, when_text
from dobby.tools.schema import tool

_RULE = re.compile(r"(?:every (?:(?P<step>[1-9]\d{0,2}) )?(?P<days>days?|weeks?|weekday|weekend|month|year|[a-z,]+) "
                   r"(?:(?P<on>[a-z0-9,-]+) )??)?(?:(?P<clock>([01]\d|2[0-3]):[0-5]\d)|"
                   r"(?P<sun>sunrise|sunset)(?P<offset>[+-]\d{1,3})?)")
_DAYS: Mapping[str, tuple[str, ...]] = {"day": WEEKDAYS, "weekday": WEEKDAYS[:5], "weekend": WEEKDAYS[5:]}


async def keep(hands: Hands, job: Job) -> str:
    """Keep a job if it may be one: what was understood, with the exact time, or why it is not kept."""
    return (await kept(hands, job))[0]


async def kept(hands: Hands, job: Job) -> tuple[str, Job | None]:
    """The same, with the job that is kept."""
    house, words, person = hands.house, hands.house.words, hands.asker.person
    if house.plans is None or person is None:
        return words.say("policy.stranger"), None
    commands = orders_of(job, hands)
    for command in commands:
        problem = house.home.problem(command)
        if problem is not None and problem.kind in ("unknown", "range"):
            return problem.text, None
    verdicts = [judge(command, Asker(person, "program"), house.home) for command in commands]
    refused = next((one for one in verdicts if one.say == "refuse"), None)
    if refused is not None:
        return words.say(f"policy.{refused.reason}"), None
    try:
        job = await house.plans.add(job)
    except ValueError as wrong:
        return words.say("time.full" if str(wrong) == "full" else "time.never_comes"), None
    asks = bool(commands) and (person.role == "guest" or any(one.say == "ask" for one in verdicts))
    said = [told(hands, job, house.plans), _heating(hands, job, house.plans), _unknown(hands, job)]
    return " ".join(filter(None, [*said, words.say("time.will_ask") if asks else ""])), job


def orders_of(job: Job, hands: Hands) -> tuple[Command, ...]:
    """The exact commands a job would give now; those of a skill by its file as it is now."""
    if not job.skill or job.kind != "skill":
        return job.commands
    skill = next((one for one in hands.house.skills if one.name == job.skill), None)
    return skill_commands(skill, hands.house.home) if skill and skill.name not in hands.house.strange else ()


def told(hands: Hands, job: Job, plans: Plans) -> str:
    """ "Tomorrow, Monday 23 November, 07:00: open the bedroom shades."."""
    house = hands.house
    when = when_text(job, plans.next_of(job), plans.now(), plans.place, house.words, house.home)
    what = what_text(job, house.home, house.words)
    return house.words.upper(house.words.say("time.new", when=when, what=what)).replace("..", ".")


def _heating(hands: Hands, job: Job, plans: Plans) -> str:
    """When heating starts, and whether its rate is known or guessed."""
    if job.kind != "heat" or (start := plans.start_of(job)) is None:
        return ""
    device = next(one.device for one in job.commands if one.trait == "target")
    key = "heat_start" if plans.warming.learned(device) else "heat_guess"
    start = max(start, plans.now())
    return hands.house.words.say(f"time.{key}", rate=f"{plans.warming.rate(device):.1f}",
                                 start=moment_text(start, plans.now(), plans.place, hands.house.words))


def _unknown(hands: Hands, job: Job) -> str:
    """Whom nobody knows to be at home or not, where the job waits for that; and who is there, or gone, already."""
    condition, presence, words = job.condition, hands.house.presence, hands.house.words
    if condition is None or presence is None or condition.kind not in PRESENCE:
        return ""
    home = {name: here for name, here in presence.home().items() if condition.person in ("", name)}
    if names := [name for name, here in home.items() if here is None]:
        return words.say("time.unknown_home", names=words.join(names))
    if condition.kind in ("comes", "leaves") and home.get(condition.person) is (condition.kind == "comes"):
        return words.say(f"time.{condition.kind}_again", name=condition.person)
    return ""


def listing(hands: Hands, plans: Plans, *, for_me: bool = False) -> list[tuple[Job, str]]:
    """What this person may see and cancel (the owner everything), with a line for each; for_me: also what others
    planned for them, which is for those to cancel."""
    house, person = hands.house, hands.asker.person
    if person is None:
        return []
    lines = []
    for job in plans.planned():
        if not (person.role == "owner" or job.person == person.name or (for_me and person.name in job.whom)):
            continue
        when = when_text(job, plans.next_of(job), plans.now(), plans.place, house.words, house.home)
        key = "mine" if job.person == person.name else "theirs"
        lines.append((job, house.words.say(f"time.{key}", id=job.id, when=when, who=job.person,
                                           what=what_text(job, house.home, house.words))))
    return lines


# --- what the model may do --------------------------------------------------------------------------------------------


async def plan(hands: Hands, when: str, do: Literal["orders", "skill", "remind"], commands: list[Order] = [],  # noqa: B006
               text: str = "", skill: str = "") -> str:
    """Plan something for this person. when, in the home's local time: "2026-11-23T07:00" (once), "in 20" (minutes from
    now), "every day 07:00", "every weekday 07:00", "every mon,thu 18:30", "every day sunset-30" (minutes before or
    after), "every 3 days 07:00", "every 2 weeks mon 18:30", "every month 1,15 09:00", "every year 12-24 18:00",
    "sunrise" (the next one). do: give commands (as in set_devices), run a skill by name, or remind the person
    of a text. Each is judged again when it is due. Answer with the exact time that this says."""
    plans, person = hands.house.plans, hands.asker.person
    if plans is None or person is None:
        return json.dumps({"error": "Nothing can be planned here."})
    due = parse(when, plans)
    if due is None:
        return json.dumps({"error": "when is none of the forms of the description, or over already, "
                           "or of the sun where nobody told where the home stands ([home] in config.toml)."})
    job = draft(hands, {"orders": "order", "skill": "skill", "remind": "tell"}[do], due, text)  # type: ignore[arg-type]
    wanted = orders(commands, hands.house.home)
    if isinstance(wanted, str):
        return wanted
    if (do == "orders" and not wanted) or (do == "skill" and skill not in {one.name for one in hands.house.skills}):
        return json.dumps({"error": "commands or the name of a skill are missing.",
                           "skills": [one.name for one in hands.house.skills]})
    return json.dumps({"planned": await keep(hands, replace(job, commands=tuple(wanted), skill=skill))},
                      ensure_ascii=False)


def parse(text: str, plans: Plans) -> When | None:
    """The tool's own form of a time; None for anything else, and for what is over."""
    said, now = " ".join(text.strip().casefold().split()), plans.now()
    if match := re.fullmatch(r"in (\d{1,6})", said):
        return When(at=(now + timedelta(minutes=int(match[1]))).astimezone(UTC).isoformat()) if int(match[1]) else None
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return _rule(said, plans)
    local = at if at.tzinfo is None else at.astimezone(plans.place.zone)
    return When(date=local.date().isoformat(), clock=f"{local:%H:%M}")


def _rule(said: str, plans: Plans) -> When | None:
    match = _RULE.fullmatch(said)
    if match is None:
        return None
    sun: Sun = match["sun"] or ""  # type: ignore[assignment]  # one of the two by its pattern
    clocks = (match["clock"],) if match["clock"] else ()
    time = Spoken(clocks=clocks, sun=sun, offset=int(match["offset"] or 0))
    if match["days"]:
        spoken = _repeated(time, match["days"], int(match["step"] or 0), match["on"] or "")
    else:
        spoken = time if sun else None
    found = resolve(spoken, plans.now(), plans.place) if spoken else None
    return found if isinstance(found, When) else None


def _repeated(time: Spoken, unit: str, step: int, on: str) -> Spoken | None:
    """ "every 3 days", "every 2 weeks mon,thu", "every month 1,15", "every year 12-24", "every mon,thu"."""
    if unit in ("month", "year"):
        form = r"0?[1-9]|[12]\d|3[01]" if unit == "month" else r"(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
        dates = tuple(on.split(","))
        if step or not all(re.fullmatch(form, one) for one in dates):
            return None
        return replace(time, dates=tuple(one.lstrip("0") if unit == "month" else one for one in dates))
    if unit in ("week", "weeks"):
        days = _weekdays(on)
        return replace(time, days=days, step=step) if step and days is not None else None
    days = _DAYS.get(unit.removesuffix("s")) or _weekdays(unit)
    return replace(time, days=days, step=step) if days and not on and (not step or unit.startswith("day")) else None


def _weekdays(said: str) -> tuple[str, ...] | None:
    """ "mon,thu" in the order of a week; () for nothing said, None for what is no weekday."""
    named = said.split(",") if said else []
    return tuple(one for one in WEEKDAYS if one in named) if set(named) <= set(WEEKDAYS) else None


async def planned(hands: Hands) -> str:
    """What is planned, with the number of each plan."""
    plans = hands.house.plans
    return json.dumps([line for _, line in listing(hands, plans, for_me=True)] if plans else [], ensure_ascii=False)


async def cancel_plan(hands: Hands, number: int) -> str:
    """Cancel one plan by its number (see planned)."""
    plans = hands.house.plans
    mine = {job.id: job for job, _ in listing(hands, plans)} if plans else {}
    if plans is None or number not in mine:
        return json.dumps({"error": "There is no plan of this person with that number."})
    what = what_text(mine[number], hands.house.home, hands.house.words)
    late = {} if await plans.cancel(number) else {"begun": hands.house.words.say("time.begun", what=what)}
    return json.dumps({"cancelled": what, **late}, ensure_ascii=False)


TOOLS = (tool(plan, risky=True), tool(planned), tool(cancel_plan, risky=True))
