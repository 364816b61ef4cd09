"""Answers made from Outcomes and readings only: what is said to be so was shown by the device itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dobby.agent.meaning import Question
from dobby.home.colors import color
from dobby.home.device import Device, Outcome, View
from dobby.home.traits import Value
from dobby.words import Words

_NAMED = 3  # devices named one by one; more are counted
_WHITES = ((6000, "daylight"), (4500, "cool"), (3500, "neutral"), (0, "warm"))  # from so many kelvin
_COLORS = {"color.red": "#ff0000", "color.green": "#00ff00", "color.blue": "#0000ff", "color.yellow": "#ffff00",
           "color.orange": "#ff8000", "color.purple": "#8000ff", "color.pink": "#ff40a0", "color.cyan": "#00ffff",
           "color.magenta": "#ff00ff", "color.white": "#ffffff", "white.warm": "#ffd9b0"}


def answer(outcomes: Sequence[Outcome], view: View, words: Words, *, about: str = "",
           corrected: Sequence[tuple[str, str]] = ()) -> str:
    """What became of an order: who confirmed what, who was told but cannot show it, who did not and why."""
    if not outcomes:
        return words.say("answer.nothing")
    confirmed = _tidy([one for one in outcomes if one.result == "confirmed"])
    failed = [one for one in outcomes if one.result == "failed"]
    sent = [one for one in outcomes if one.result == "sent"]
    bad = {one.command.device for one in failed}
    said = [words.say("answer.corrected", typed=typed, meant=meant) for typed, meant in corrected]
    good = [one for one in confirmed if one.command.device not in bad or _apart(one, failed)]
    if good:
        whole = about if not failed and not sent else ""
        said.append(_confirmed(good, view, words, whole))
    for key, told in (("answer.on_its_way", [one for one in sent if one.on_its_way]),
                      ("answer.sent", [one for one in sent if not one.on_its_way])):
        if told:
            names = list(dict.fromkeys(_name(view, one.command.device) for one in told))
            said.append(words.say(key, devices=words.join(names), count=len(names)))
    if failed:
        said.append(_failed(failed, bool(good), view, words))
    return " ".join(said)


def _apart(confirmed: Outcome, failed: Iterable[Outcome]) -> bool:
    """Whether what a device did confirm is worth telling beside what it did not: not the mere going on."""
    return confirmed.command.trait != "on" or any(one.command.trait == "on" for one in failed)


def _tidy(confirmed: list[Outcome]) -> list[Outcome]:
    """Leave out that a lamp went on where its brightness or colour says so already."""
    more = {one.command.device for one in confirmed if one.command.trait in ("brightness", "color", "color_temperature",
                                                                             "effect")}
    return [one for one in confirmed
            if not (one.command.trait == "on" and one.command.value is True and one.command.device in more)]


def _confirmed(good: Sequence[Outcome], view: View, words: Words, about: str) -> str:
    shows: dict[str, list[str]] = {}  # what each device shows, said once for all that show the same
    for one in good:
        states = shows.setdefault(one.command.device, [])
        if (state := _state(one, view, words)) not in states:
            states.append(state)
    groups: dict[tuple[str, str], list[str]] = {}
    for id_, told in shows.items():
        kind = view.devices[id_].kind if id_ in view.devices else ""
        groups.setdefault((words.join(told), kind), []).append(id_)
    states = list(dict.fromkeys(state for state, _ in groups))
    count = len(shows)
    if len(states) == 1 and about:
        return words.say("answer.done", subject=words.upper(about), state=states[0], count=_number(count, about, words))
    if len(groups) == 1:
        ((state, only),) = groups
        ids = groups[state, only]
        subject = _subject(ids, only, view, words)
        return words.say("answer.done", subject=words.upper(subject), state=state, count=len(ids))
    parts = [words.say("answer.part", subject=_subject(ids, kind, view, words), state=state)
             for (state, kind), ids in groups.items()]
    several = any(len(told) > 1 for told in shows.values())
    return words.say("answer.list", parts=words.upper("; ".join(parts) if several else words.join(parts)))


def _number(count: int, about: str, words: Words) -> int:
    return 1 if about.casefold().startswith(words.say("about.everything").casefold()) else count


def _subject(ids: Sequence[str], kind: str, view: View, words: Words) -> str:
    """Devices by name if few, by room and kind if they are all of it, else counted."""
    ids = list(dict.fromkeys(ids))
    if len(ids) <= _NAMED or not kind:
        return words.join([_name(view, one) for one in ids])
    rooms = {view.devices[one].room for one in ids}
    if len(rooms) == 1 and (room := next(iter(rooms))):
        there = [one for one in view.devices.values() if one.room == room and one.kind == kind]
        if len(there) == len(ids):
            return words.kind_in(kind, room, len(ids))
    return words.say("answer.counted", number=len(ids), kind=words.kind(kind, len(ids)))


def _failed(failed: Sequence[Outcome], some: bool, view: View, words: Words) -> str:
    """Each device that did not confirm, with its reason; devices with one reason share it."""
    reasons: dict[str, list[str]] = {}
    told: set[str] = set()
    for one in failed:
        if one.command.device not in told:
            told.add(one.command.device)
            reasons.setdefault(_reason(one, words), []).append(_name(view, one.command.device))
    listed = [words.say("answer.reason", devices=words.join(names), reason=reason) for reason, names in reasons.items()]
    return words.say("answer.but" if some else "answer.failed", reasons="; ".join(listed), count=len(told))


_DECIMALS = {"target": 1, "current": 1, "target_low": 1, "target_high": 1, "temperature": 1, "energy": 2, "ph": 1}
# traits whose old value can be told by itself ("still shows 40 %"); of the rest it is only said that it is not shown
_STILL = ("on", "brightness", "playing", "volume", "muted", "locked", "position", "target", "open", "armed", "mode",
          "speed")


def _reason(outcome: Outcome, words: Words) -> str:
    error = outcome.error
    if error is None:
        return words.say("reason.unknown")
    if error.kind in ("range", "policy") or not words.has(f"reason.{error.kind}"):
        return error.text.rstrip(".")
    if error.kind == "mismatch" and outcome.read is not None and outcome.command.trait in _STILL:
        return words.say("reason.mismatch_read", read=shown(outcome.command.trait, outcome.read, words))
    return words.say(f"reason.{error.kind}")


def _name(view: View, device: str) -> str:
    known = view.devices.get(device)
    return known.name if known else device


def _state(outcome: Outcome, view: View, words: Words) -> str:
    command = outcome.command
    if command.trait in ("play", "next", "previous"):
        title = command.value if isinstance(command.value, str) else ""
        return words.say("state.play_title", title=title) if title else words.say(f"state.{command.trait}")
    if command.trait == "group":
        leader = _name(view, str(command.value or ""))
        return words.say("state.group", value=leader) if leader else words.say("state.group_alone")
    number = isinstance(outcome.read, int | float) and not isinstance(outcome.read, bool)
    return shown(command.trait, outcome.read if number else command.value, words)


def shown(trait: str, value: Value, words: Words) -> str:
    """A value of a trait as people say it: on, at 40 %, locked, 21.5 °C, red."""
    if value is None:
        return words.say("state.unknown")
    if isinstance(value, bool):
        key = f"state.{trait}.{'yes' if value else 'no'}"
        return words.say(key) if words.has(key) else words.say(f"state.on.{'yes' if value else 'no'}")
    if trait == "color":
        return _color(value, words)
    if isinstance(value, int | float):
        return _counted(trait, value, words)
    if words.has(f"state.{trait}_{value}"):
        return words.say(f"state.{trait}_{value}")
    key = f"state.{trait}" if value or trait != "ignore" else "state.ignore_none"
    return words.say(key, value=value) if words.has(key) else str(value)


def _counted(trait: str, value: float, words: Words) -> str:
    if trait == "position" and value in (0, 100):
        return words.say("state.position_open" if value else "state.position_closed")
    if trait == "color_temperature":
        white = next(name for above, name in _WHITES if value >= above)
        return words.say("state.color_temperature", white=words.say(f"white.{white}"), value=round(value / 50) * 50)
    if trait == "position":  # a slit is not closed, and nearly open is not open
        value = min(max(value, 1), 99)
    rounded = round(value, _DECIMALS.get(trait, 0))
    key = f"state.{trait}"
    return words.say(key, value=f"{rounded:g}") if words.has(key) else f"{rounded:g}"


def _color(value: Value, words: Words) -> str:
    here = color(value) if isinstance(value, str | dict) else {"x": 0.0, "y": 0.0}
    apart: Mapping[str, float] = {name: abs(there["x"] - here["x"]) + abs(there["y"] - here["y"])
                                  for name, hexed in _COLORS.items() for there in (color(hexed),)}
    name = min(apart, key=lambda one: apart[one])
    return words.say(name) if apart[name] < 0.06 else words.say("color.asked")


def answer_question(question: Question, view: View, words: Words) -> str:
    """A question answered from readings; a device that does not answer, or never did, is unknown and never "off"."""
    devices = [view.devices[one] for one in question.devices if one in view.devices]
    if question.kind == "unreachable":
        gone = [one.name for one in devices if not view.reachable(one.id)]
        return words.say("question.gone", devices=words.join(gone)) if gone else words.say("question.all_answer")
    if not devices:
        return words.say("question.none_there")
    if question.kind == "ajar":
        return _ajar(devices, view, words)
    if question.kind == "playing":
        return _titles(devices, view, words)
    if question.kind == "value":
        return _values(question, devices, view, words)
    return _matching(question, devices, view, words)


def _reads(view: View, device: Device, trait: str) -> Value:
    """The reading of a device that answers; the playing of a speaker stands for its being on."""
    if trait == "on" and device.trait("on") is None:
        trait = "playing"
    return view.value(device.id, trait) if view.reachable(device.id) else None


def _shows(question: Question, value: Value) -> bool:
    if question.trait == "position" and isinstance(value, int | float):
        return (value > 0) is question.value
    return value is question.value


def _matching(question: Question, devices: Sequence[Device], view: View, words: Words) -> str:
    readings = {one.id: _reads(view, one, question.trait) for one in devices}
    unknown = [one.name for one in devices if readings[one.id] is None]
    known = [one for one in devices if readings[one.id] is not None]
    fits = [one for one in known if _shows(question, readings[one.id])]
    others = [one for one in known if one not in fits]
    state = _asked(question, words)
    said = ""
    if known:
        match question.kind:
            case "which" | "any":
                said = _listed(fits, state, words)
            case "count":
                said = words.say("question.count", number=len(fits), state=state, count=len(fits))
                said += f" {words.join([one.name for one in fits])}." if 0 < len(fits) <= 6 else ""
            case _:
                said = _yes_no(question, fits, others, state, words, bool(unknown))
    if unknown:
        said = f"{said} {words.say('question.unknown', devices=words.join(unknown), count=len(unknown))}"
    return said.strip()


def _asked(question: Question, words: Words) -> str:
    if question.trait == "position":
        return words.say("state.position_open" if question.value else "state.position_closed")
    return shown(question.trait, question.value, words)


def _listed(fits: Sequence[Device], state: str, words: Words) -> str:
    if not fits:
        return words.say("question.no_one", state=state)
    called = [one.name for one in fits]
    names = [f"{one.name} ({one.room})" if one.room and called.count(one.name) > 1 else one.name for one in fits]
    return words.say("question.these", devices=words.join(names), state=state, count=len(fits))


def _yes_no(question: Question, fits: Sequence[Device], others: Sequence[Device], state: str, words: Words,
            unknown: bool) -> str:
    """Yes, no or not all; where some are unknown, only those that are known are spoken of."""
    whole = question.about and not unknown
    if not others:
        subject = question.about if whole else words.join([one.name for one in fits])
        return words.say("question.yes", subject=subject, state=state, count=_number(len(fits), subject, words))
    if not fits and question.kind == "is":
        subject = question.about if whole else words.join([one.name for one in others])
        return words.say("question.no", subject=subject, state=state, count=len(others))
    names = words.join([one.name for one in others])
    return words.say("question.partly", devices=names, state=state, count=len(others))


def _values(question: Question, devices: Sequence[Device], view: View, words: Words) -> str:
    said = []
    for one in devices:
        value = _reads(view, one, question.trait)
        if value is None:
            said.append(words.say("question.unknown", devices=one.name, count=1))
        else:
            said.append(words.say("question.value", device=one.name, value=shown(question.trait, value, words)))
    return " ".join(said)


def _ajar(devices: Sequence[Device], view: View, words: Words) -> str:
    """What stands open or is unlocked, and of what it is not known."""
    said: dict[str, list[str]] = {"question.open": [], "question.unlocked": []}
    unknown = []
    for one in devices:
        trait = next(name for name in ("open", "opened", "locked", "position") if one.trait(name))
        value = _reads(view, one, trait)
        if value is None:
            unknown.append(one.name)
        elif trait == "locked":
            said["question.unlocked"] += [one.name] if value is False else []
        elif value is True or (not isinstance(value, bool) and value != 0):
            said["question.open"].append(one.name)
    parts = [words.say(key, devices=words.join(names)) for key, names in said.items() if names]
    if not parts and len(unknown) < len(devices):
        parts.append(words.say("question.shut"))
    if unknown:
        parts.append(words.say("question.unknown", devices=words.join(unknown), count=len(unknown)))
    return " ".join(parts)


def _titles(devices: Sequence[Device], view: View, words: Words) -> str:
    said, unknown = [], []
    for one in devices:
        playing = _reads(view, one, "playing")
        if playing is None:
            unknown.append(one.name)
        elif playing:
            title = view.value(one.id, "title")
            key = "question.plays" if title else "question.plays_something"
            said.append(words.say(key, device=one.name, title=title))
    if not said and len(unknown) < len(devices):
        said.append(words.say("question.nothing_plays"))
    if unknown:
        said.append(words.say("question.unknown", devices=words.join(unknown), count=len(unknown)))
    return " ".join(said)


def help_text(view: View, words: Words) -> str:
    """What this home can do, by the kinds of device in it, with sentences that work here."""
    lines = [words.say("help.head")]
    seen: set[str] = set()
    for one in sorted(view.devices.values(), key=lambda one: not one.room):
        if one.kind in seen or not words.has(f"help.{one.kind}"):
            continue
        seen.add(one.kind)
        lines.append("- " + words.say(f"help.{one.kind}", device=one.name, room=one.room or one.name))
    lines.append(words.say("help.tail" if seen else "help.empty"))
    return "\n".join(lines)
