"""Tools over the home: look, set, run a skill, take back. Their number does not grow with the devices."""

from __future__ import annotations

import json
from typing import NotRequired, TypedDict

from dobby.home.device import Command, Device
from dobby.home.home import Home
from dobby.skills import commands as skill_commands
from dobby.tools.fence import fenced
from dobby.tools.hands import Done, Hands
from dobby.tools.lived import with_skill
from dobby.tools.schema import tool

SHOWN_LIMIT = 40  # devices in one answer; beyond that the model gets counts and must ask more narrowly


class Order(TypedDict):
    """One command as the model writes it: device is an id or an exact name."""

    device: str
    trait: str
    value: NotRequired[str | float | bool]


async def home_state(hands: Hands, room: str = "", kind: str = "", name: str = "", playing_titles: bool = False) -> str:
    """Read the home: devices with their traits and last readings. Filter by room, by kind (light, speaker, lock,
    plug ...) or by part of a name. Without a filter a large home is only counted. playing_titles adds what plays
    and the favourites that can be played."""
    home = hands.house.home
    chosen = [device for device in home.devices.values() if _fits(device, room, kind, name)]
    if len(chosen) > SHOWN_LIMIT:
        return json.dumps({"devices": len(chosen), "by_room": _counts(d.room for d in chosen),
                           "by_kind": _counts(d.kind for d in chosen), "hint": "Ask again with a room, kind or name."})
    state = json.dumps([_shown(device, home) for device in chosen], ensure_ascii=False)
    if not playing_titles:
        return state
    hands.taint()
    titles = {d.name: {"plays": home.value(d.id, "title"), "favourites": play.choices[:40]}
              for d in chosen if (play := d.trait("play"))}
    return state + "\n" + fenced(json.dumps(titles, ensure_ascii=False))


def _fits(device: Device, room: str, kind: str, name: str) -> bool:
    return ((not room or device.room.casefold() == room.casefold())
            and (not kind or device.kind == kind.casefold())
            and (not name or name.casefold() in device.name.casefold()
                 or any(name.casefold() in alias.casefold() for alias in device.aliases)))


def _counts(words: object) -> dict[str, int]:
    counts: dict[str, int] = {}
    for word in words:  # type: ignore[attr-defined]  # any iterable of str
        counts[word] = counts.get(word, 0) + 1
    return counts


def _shown(device: Device, home: Home) -> dict[str, object]:
    """A device for the model: no text that the device or a radio station made up, only numbers, states and names."""
    traits: dict[str, object] = {}
    for trait in device.traits:
        value = home.value(device.id, trait.name)
        if trait.kind in ("sensor", "action") and isinstance(value, str):
            continue
        traits[trait.name] = value
    row: dict[str, object] = {"id": device.id, "name": device.name, "room": device.room, "kind": device.kind,
                              "state": traits}
    choices = {t.name: list(t.choices[:20]) for t in device.traits if t.choices and t.name not in ("effect", "play")}
    if choices:
        row["choices"] = choices
    if not home.reachable(device.id):
        row["reachable"] = False
    return row


async def set_devices(hands: Hands, commands: list[Order]) -> str:
    """Command devices. Each entry: device (id or exact name), trait (on, brightness, color_temperature, color, playing,
    play, next, previous, volume, muted, group, locked, open, armed, position, mode, target, speed, task ...) and value.
    The answer says what each device itself confirmed; what needs the person's yes is asked by the house, not by you,
    and is not done until they answer."""
    wanted = orders(commands, hands.house.home)
    return wanted if isinstance(wanted, str) else report(await hands.do(wanted, tool="set_devices"))


def orders(told: list[Order], home: Home) -> list[Command] | str:
    """The commands that the model wrote, or what is wrong with them, for the model."""
    unknown = [order["device"] for order in told if not _matches(order["device"], home)]
    if unknown:
        return json.dumps({"error": "No such device; look it up with home_state.", "unknown": unknown[:10]})
    return [Command(device, order["trait"], order.get("value")) for order in told
            for device in _matches(order["device"], home)]


def _matches(said: str, home: Home) -> list[str]:
    if said in home.devices:
        return [said]
    return [d.id for d in home.devices.values() if d.name.casefold() == said.casefold()][:1]


def report(done: Done) -> str:
    """Outcomes for the model: facts only."""
    rows = [{"device": o.command.device, "trait": o.command.trait, "result": o.result, "read": o.read}
            | ({"error": o.error.kind, "why": o.error.text} if o.error else {}) for o in done.outcomes]
    answer: dict[str, object] = {"outcomes": rows}
    if done.question is not None:
        answer["asked"] = "The house asked the person. Not done. Do not ask again yourself."
    return json.dumps(answer, ensure_ascii=False)


async def read_skill(hands: Hands, name: str) -> str:
    """What a skill's page says, by its name; an unknown name ("?") answers with all names."""
    skill = next((one for one in hands.house.skills if one.name == name), None)
    if skill is None:
        return json.dumps({"error": "No such skill.", "skills": [one.name for one in hands.house.skills][:40]})
    hands.taint()  # its page may come from elsewhere: words, not orders
    return fenced(f"{skill.description}\n{skill.body}")


async def run_skill(hands: Hands, name: str) -> str:
    """Run one of the household's skills (sleepy-time, movie-night ...) by its name."""
    skill = next((skill for skill in hands.house.skills if skill.name == name), None)
    if name in hands.house.strange:
        return json.dumps({"error": "The owner has not said yes to this skill yet; saying its phrase asks for it."})
    if skill is None:
        return json.dumps({"error": "No such skill.", "skills": [skill.name for skill in hands.house.skills]})
    done = await hands.do(skill_commands(skill, hands.house.home), tool=f"skill {name}")
    if hands.tainted or done.question is not None:  # a stranger's words begin and end no vacation
        return report(done)
    return f"{report(done)} {await with_skill(hands, skill, told=False)}".strip()


async def undo(hands: Hands) -> str:
    """Take back what the last action in this conversation changed, as far as the devices allow."""
    done, stuck = await hands.undo()
    if done is None:
        return json.dumps({"error": "There is nothing to take back."})
    return report(done) if not stuck else report(done) + " Cannot be taken back: " + json.dumps(
        [command.trait for command in stuck])


TOOLS = (tool(home_state), tool(set_devices), tool(run_skill), tool(read_skill), tool(undo))
