"""Skills: a folder with a SKILL.md each. Its YAML head holds phrases and steps, its body words for the model."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import yaml

from dobby.errors import OutOfRange
from dobby.home.device import Command, Device, DeviceKind, View
from dobby.home.traits import Risk, Value
from dobby.home.vocabulary import VOCABULARY, known

_HEAD = frozenset({"name", "description", "license", "compatibility", "metadata", "allowed-tools"})
_DOBBY = frozenset({"phrases", "steps", "reply", "lived_in"})
_STEP = frozenset({"kind", "room", "name", "everything", "except", "set", "lower"})
_KINDS = get_args(DeviceKind)
_LONGEST = 64 * 1024


@dataclass(frozen=True, slots=True)
class Step:
    """Target states for what matches. rooms: any of these names or aliases; "or_all": everywhere if no such room is."""

    kinds: tuple[str, ...]
    set: tuple[tuple[str, Value], ...]
    rooms: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    excepted: tuple[str, ...] = ()
    everything: bool = False
    lower: tuple[tuple[str, Value], ...] = ()  # numbers that are only ever lowered to this, of what heats


@dataclass(frozen=True, slots=True)
class Skill:
    """One skill as its file says. phrases: language -> what a person says to run it; body: words for the model;
    lived_in: whether with it the lights begin to be as if somebody were home (True), or no longer are (False)."""

    name: str
    description: str
    phrases: Mapping[str, tuple[str, ...]]
    steps: tuple[Step, ...]
    body: str
    reply: Mapping[str, str]
    path: Path
    lived_in: bool | None = None


class _Plain(yaml.SafeLoader):
    """YAML where only true and false are switches, so that `on: false` is the trait "on"."""


_Plain.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in rules if tag != "tag:yaml.org,2002:bool"]
    for letter, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Plain.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), ["t", "f"])


class _Problem(Exception):
    """What is wrong in one skill file."""


def load_skills(folder: Path) -> tuple[list[Skill], list[str]]:
    """Every skill of a folder, and in words what is wrong with those that cannot be read."""
    skills: list[Skill] = []
    problems: list[str] = []
    for path in sorted(folder.glob("*/SKILL.md")):
        try:
            skill = parse(path, path.read_text(encoding="utf-8"))
            if any(other.name == skill.name for other in skills):
                raise _Problem(f"the name “{skill.name}” is taken by another skill")
            skills.append(skill)
        except (_Problem, OSError, UnicodeDecodeError) as wrong:
            problems.append(f"{path}: {wrong}")
    return skills, problems


def one_phrase_each(skills: Sequence[Skill], first: Collection[str] = ()) -> tuple[list[Skill], list[str]]:
    """The skills, each phrase with one of them only: with those named `first`, else in their order; and in words what
    was left out, so that a file that comes later never takes over what a phrase does already."""
    owners: dict[tuple[str, str], str] = {}
    settled: dict[str, Skill] = {}
    problems: list[str] = []
    for skill in sorted(skills, key=lambda one: one.name not in first):
        kept: dict[str, tuple[str, ...]] = {}
        for language, phrases in skill.phrases.items():
            taken = {phrase: owner for phrase in phrases if (owner := owners.setdefault(
                (language, "".join(filter(str.isalnum, phrase.casefold()))), skill.name)) != skill.name}
            problems += [f"{skill.path}: the phrase “{phrase}” belongs to the skill “{owner}”, so it is left out here"
                         for phrase, owner in taken.items()]
            kept[language] = tuple(phrase for phrase in phrases if phrase not in taken)
        settled[skill.name] = replace(skill, phrases=kept)
    return [settled[one.name] for one in skills], problems


def parse(path: Path, text: str) -> Skill:
    """One SKILL.md; raises with the place of the mistake."""
    if len(text) > _LONGEST:
        raise _Problem(f"longer than {_LONGEST} letters")
    head, body = _split(text)
    given = head.get("metadata")
    if "name" not in head or (isinstance(given, dict) and "dobby" in given):
        _known(head, _HEAD, "")  # what other agents write into theirs is theirs: such a skill is knowledge only
    name = _text(head, "name")
    if name != path.parent.name:
        raise _Problem(f"name: “{name}” must be the folder's name, “{path.parent.name}”")
    metadata = head.get("metadata") or {}
    ours = metadata.get("dobby", {}) if isinstance(metadata, dict) else {}
    if not isinstance(ours, dict):
        raise _Problem("metadata.dobby: must be a table")
    _known(ours, _DOBBY, "metadata.dobby.")
    phrases = {str(language): _texts(said, f"metadata.dobby.phrases.{language}")
               for language, said in _table(ours, "phrases").items()}
    reply = {str(language): str(said) for language, said in _table(ours, "reply").items()}
    steps = ours.get("steps") or []
    if not isinstance(steps, list):
        raise _Problem("metadata.dobby.steps: must be a list")
    read = tuple(_step(step, f"metadata.dobby.steps[{at}]") for at, step in enumerate(steps, 1))
    lived_in = ours.get("lived_in")
    if lived_in is not None and not isinstance(lived_in, bool):
        raise _Problem("metadata.dobby.lived_in: true or false")
    return Skill(name, _text(head, "description"), phrases, read, body.strip(), reply, path, lived_in)


def without(skill: Skill, thing: str) -> Skill:
    """The skill as it runs when a device, a room or a kind is left out."""
    return replace(skill, steps=tuple(replace(step, excepted=(*step.excepted, thing)) for step in skill.steps))


def risky(skill: Skill) -> bool:
    """Whether any step may cost more than light or music does, wherever it would run: a lock opened, water heated."""
    told = [(known(trait, kind), value) for step in skill.steps for trait, value in (*step.set, *step.lower)
            for kind in step.kinds or ("",)]
    return any(row is not None and row.risk(value) > Risk.FREE for row, value in told)


def fault_of(path: Path, text: str) -> str:
    """What is wrong with a skill's text before it is written, "" when it is well."""
    try:
        parse(path, text)
    except _Problem as wrong:
        return str(wrong)
    return ""


def _split(text: str) -> tuple[dict[str, Any], str]:
    lines = text.splitlines()
    if not lines or lines[0].strip() != "---":
        raise _Problem("line 1: must be --- (the head is YAML between two lines of ---)")
    end = next((at for at, line in enumerate(lines[1:], 1) if line.strip() == "---"), 0)
    if not end:
        raise _Problem("the head has no closing ---")
    try:
        head = yaml.load("\n".join(lines[1:end]), _Plain)  # noqa: S506  # a SafeLoader with fewer rules
    except yaml.YAMLError as wrong:
        mark = getattr(wrong, "problem_mark", None)
        place = f"line {mark.line + 2}: " if mark else ""
        raise _Problem(f"{place}{getattr(wrong, 'problem', None) or 'not YAML'}") from None
    except (ValueError, RecursionError) as wrong:  # a day that is none (2024-13-45), nested without end
        raise _Problem(f"the head cannot be read: {str(wrong)[:80]}") from None
    if not isinstance(head, dict):
        raise _Problem("line 2: the head must be keys and values")
    return head, "\n".join(lines[end + 1 :])


def _known(table: Mapping[Any, Any], known: Iterable[str], where: str) -> None:
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise _Problem(f"{where}{key}: unknown key{hint}")


def _text(table: Mapping[str, Any], key: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        raise _Problem(f"{key}: must be a text")
    return value.strip()


def _table(table: Mapping[str, Any], key: str) -> Mapping[Any, Any]:
    value = table.get(key) or {}
    if not isinstance(value, dict):
        raise _Problem(f"metadata.dobby.{key}: must be a table by language (en: ...)")
    return value


def _texts(value: Any, where: str) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(one, str) and one.strip() for one in values):
        raise _Problem(f"{where}: must be a text or a list of texts")
    return tuple(one.strip() for one in values)


def _step(step: Any, where: str) -> Step:
    if not isinstance(step, dict):
        raise _Problem(f"{where}: must be keys and values")
    _known(step, _STEP, f"{where}.")
    kinds = _texts(step.get("kind", []), f"{where}.kind")
    for kind in kinds:
        if kind not in _KINDS:
            near = difflib.get_close_matches(kind, _KINDS, 1)
            raise _Problem(f"{where}.kind: unknown kind {kind}" + (f"; did you mean {near[0]}?" if near else ""))
    everything = step.get("everything", False)
    if not isinstance(everything, bool):
        raise _Problem(f"{where}.everything: true or false")
    names = _texts(step.get("name", []), f"{where}.name")
    if not (kinds or names or everything):
        raise _Problem(f"{where}: needs kind, name or everything")
    lower = _states(step["lower"], where, kinds) if "lower" in step else ()
    if any(isinstance(value, bool) or not isinstance(value, int | float) for _, value in lower):
        raise _Problem(f"{where}.lower: numbers only")
    states = () if lower and "set" not in step else _states(step.get("set"), where, kinds)
    return Step(kinds, states, _texts(step.get("room", []), f"{where}.room"), names,
                _texts(step.get("except", []), f"{where}.except"), everything, lower)


def _states(states: Any, where: str, kinds: Sequence[str]) -> tuple[tuple[str, Value], ...]:
    if not isinstance(states, dict) or not states:
        raise _Problem(f"{where}.set: must name traits and values, such as on: false")
    for trait, value in states.items():
        rows = [row for kind in kinds or ("",) if (row := known(str(trait), kind)) is not None]
        if not rows:
            near = difflib.get_close_matches(str(trait), VOCABULARY, 1)
            raise _Problem(f"{where}.set: unknown trait {trait}" + (f"; did you mean {near[0]}?" if near else ""))
        for row in rows:
            try:
                if row.kind != "choice":
                    row.check(value)
            except OutOfRange as wrong:
                raise _Problem(f"{where}.set.{trait}: {wrong.text}") from None
    return tuple(states.items())


def commands(skill: Skill, view: View, here: str = "") -> tuple[Command, ...]:
    """What the steps come to in this home. A later step wins; devices without the trait are passed over."""
    told: dict[tuple[str, str], Command] = {}
    for step in skill.steps:
        for device in _meant(step, view, here):
            for name, value in (*step.set, *_lowered(step, device, view)):
                trait = device.trait(name)
                if trait is None or trait.kind == "sensor":
                    continue
                try:
                    told[device.id, name] = Command(device.id, name, _fitting(trait.min, trait.max, trait.check, value))
                except OutOfRange:
                    continue
    return tuple(told.values())


def _lowered(step: Step, device: Device, view: View) -> list[tuple[str, Value]]:
    """What is to be turned down here: nothing that is lower already, or off, or cools (which would run the harder)."""
    if view.value(device.id, "mode") in ("off", "cool", "dry", "fan"):
        return []
    now = {name: view.value(device.id, name) for name, _ in step.lower}
    return [(name, value) for name, value in step.lower
            if not (isinstance(was := now[name], int | float) and isinstance(value, int | float) and was <= value)]


def _fitting(low: float | None, high: float | None, check: Any, value: Value) -> Value:
    """A number pulled into the device's own range: a skill is written for every home."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = value if low is None else max(value, low)
        value = value if high is None else min(value, high)
    checked: Value = check(value)
    return checked


def _meant(step: Step, view: View, here: str) -> list[Device]:
    rooms = _rooms(step, view, here)
    devices = [one for one in view.devices.values() if rooms is None or one.room in rooms]
    if step.names:
        wanted = {name.casefold() for name in step.names}
        devices = [one for one in devices if wanted & {name.casefold() for name in (one.name, *one.aliases)}]
    if step.kinds:
        devices = [one for one in devices if one.kind in step.kinds]
    if step.everything:
        devices = [one for one in devices if one.kind in ("light", "speaker")
                   or (one.kind == "plug" and one.in_everything)]
    left = {name.casefold() for name in step.excepted}
    return [one for one in devices if not left & {one.name.casefold(), one.room.casefold(), one.kind}]


def _rooms(step: Step, view: View, here: str) -> set[str] | None:
    """The rooms of a step that this home has; None is everywhere, also where it has none of them."""
    wanted = {room.casefold() for room in step.rooms}
    if "here" in wanted and here:
        return {here}
    found = {room.name for room in view.rooms.values()
             if wanted & {name.casefold() for name in (room.name, *room.aliases)}}
    return found or None
