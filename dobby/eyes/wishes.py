"""What a person wishes about texts, kept: the newest word about a place holds, and what was said can be taken back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from dobby.eyes.telling import Rule
from dobby.store import Row, Store, stamp


async def kept(store: Store) -> list[Rule]:
    """Every wish, the oldest first."""
    return [_rule(row) for row in await store.all("eye_rules")]


async def keep(store: Store, rule: Rule, made: datetime) -> None:
    """Keep a wish, in the place of those that it contradicts."""
    old = [row["id"] for row in await store.all("eye_rules") if replaces(rule, _rule(row))]
    await store.together([*(("eye_rule_drop", {"id": id_}) for id_ in old), ("eye_rule_add", _values(rule, made))])


async def take_back(store: Store, person: str, camera: str, made: datetime, zone: str = "",
                    subjects: Sequence[str] = ()) -> int:
    """Take this person's wishes about a camera ("" = all) back, of a zone or about some subjects where one is named;
    how many there were. What is usual to them is news again when neither is."""
    changes: list[tuple[str, dict[str, Any]]] = []
    count = 0
    for row in await store.all("eye_rules"):
        rule = _rule(row)
        if rule.person != person or (camera and rule.camera not in ("", camera)):
            continue
        rest = allowing(rule, subjects) if subjects else None
        if rest == rule or (zone and rule.zone.casefold() != zone.casefold()):
            continue
        count += 1
        changes += [("eye_rule_drop", {"id": row["id"]}), *([("eye_rule_add", _values(rest, made))] if rest else [])]
    await store.together(changes)
    if zone or subjects:
        return count
    return count + await store.do("eye_normals_drop", person=person, camera=camera)


async def tidy(store: Store, now: datetime) -> None:
    """Drop the wishes that are over."""
    await store.do("eye_rules_tidy", now=stamp(now))


def replaces(new: Rule, old: Rule) -> bool:
    """Whether an older wish is over by a newer one of the same person about the same place."""
    if (old.person, old.camera, old.zone.casefold()) != (new.person, new.camera, new.zone.casefold()):
        return False
    same_time = old.hours in ("", new.hours) and old.presence in ("", new.presence)
    match new.kind, old.kind:
        case "mute", "mute":
            return (old.hours, old.presence) == (new.hours, new.presence)
        case "only", "only":
            return same_time
        case "only", "except":
            return same_time and not set(old.subjects).isdisjoint(new.subjects)
        case "except", "except":
            return same_time and set(old.subjects) <= set(new.subjects)
    return False


def allowing(rule: Rule, subjects: Sequence[str]) -> Rule | None:
    """A wish that lets these subjects through; None when nothing is left of it."""
    match rule.kind:
        case "only":
            return replace(rule, subjects=tuple(dict.fromkeys([*rule.subjects, *subjects])))
        case "except":
            rest = tuple(one for one in rule.subjects if one not in subjects)
            return replace(rule, subjects=rest) if rest else None
    return rule


def _rule(row: Row) -> Rule:
    until = datetime.fromisoformat(row["until"]) if row["until"] else None
    return Rule(row["person"], row["camera"], row["kind"], tuple(json.loads(row["subjects"])), row["hours"], until,
                row["zone"], row["presence"])


def _values(rule: Rule, made: datetime) -> dict[str, Any]:
    return {"person": rule.person, "camera": rule.camera, "zone": rule.zone, "kind": rule.kind,
            "subjects": json.dumps(rule.subjects), "hours": rule.hours, "presence": rule.presence,
            "until": stamp(rule.until) if rule.until else "", "made": stamp(made)}
