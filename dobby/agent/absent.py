"""Orders for what the home does not have and the grammar does not know: refused by the name that was typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dobby.agent.clauses import Clause, Mention, clauses
from dobby.agent.deeds import action
from dobby.agent.grammar import Bit, Grammar
from dobby.agent.lattice import Slot, readings
from dobby.agent.meaning import Clarify, Context, Part, Refuse, Understood
from dobby.agent.orders import order
from dobby.agent.targets import Home
from dobby.agent.text import words as plain_words

_WORDS = 4  # unknown words that may name one thing
_LEADS = frozenset({"act", "carrier", "trait"})
_BEFORE = frozenset({"filler", "in", "act", "carrier", "all", "one", "kind", "to"})


def absent(slots: Sequence[Slot], home: Home, grammar: Grammar, now: float) -> Understood | None:
    """What stands where a thing, a place or a title would stand, refused by name; never an act."""
    lost = [at for at, slot in enumerate(slots) if slot[0].type == "unknown"]
    if not lost or lost != list(range(lost[0], lost[-1] + 1)) or len(lost) > _WORDS:
        return None
    if any(any(bit.type == "never" for bit in slot) for slot in slots):
        return None
    before = {bit.type for bit in slots[lost[0] - 1]} if lost[0] else set()
    if lost[0] and not before & _BEFORE:
        return None
    if not lost[0] and len(slots) > len(lost) + 2:
        return None
    if not _ordered(slots, lost, grammar):
        return None
    name = " ".join(slots[at][0].typed for at in lost)
    thing: Slot = (Bit("thing", name, "", name),)
    for bits in readings([*slots[: lost[0]], thing, *slots[lost[-1] + 1 :]]):
        parsed = clauses(bits, grammar.combine)
        if parsed and len(parsed) == 1 and len(parsed[0].mentions) == 1 and not parsed[0].excepted:
            part = _refused(parsed[0], name, "in" in before, home, now)
            if part is not None:
                return Understood((part,), home.context or Context())
    return None


def ordered(slots: Sequence[Slot]) -> bool:
    """Whether what is to be done is said somewhere in front, before any thing."""
    first = next((slot for slot in slots if not all(bit.type in ("filler", "one") for bit in slot)), ())
    return any(bit.type in _LEADS for bit in first)


def _ordered(slots: Sequence[Slot], lost: Sequence[int], grammar: Grammar) -> bool:
    """Whether it has the form of an order: what is to be done stands before the thing ("turn off the flurble"), or the
    bare thing before a particle ("flurble off"); "the baker gets up at three" only tells something."""
    if any(bit.type in _LEADS for slot in slots[: lost[0]] for bit in slot):
        return True
    after = [bit for slot in slots[lost[-1] + 1 :] for bit in slot]
    return len(lost) == 1 and not grammar.verb_first and not any(bit.type == "carrier" for bit in after)


def _refused(clause: Clause, name: str, placed: bool, home: Home, now: float) -> Part | None:
    wanted, mention = action(clause.deed), clause.mentions[0]
    if wanted is None or not mention.missing or not (clause.deed.acts or clause.deed.carrier):
        return None
    if wanted.name == "play" and not wanted.value:
        return _untitled(clause, name, home, now)
    if mention.devices or mention.everything or mention.it or mention.missing_place:
        return None
    if wanted.kind == "lock" and "lock" not in home.names.by_kind:
        return Refuse(home.words.say("refuse.no_thing", thing=home.words.kind("lock", 1)))
    if mention.kind and placed:
        return Refuse(home.words.say("refuse.no_place", place=name)) if not mention.rooms else None
    if mention.kind and mention.rooms:
        return None
    if mention.kind:
        name = f"{name} {mention.noun}"
    place = home.words.join(mention.rooms) or mention.floor
    key = "refuse.no_thing_there" if place else "refuse.no_thing"
    return Refuse(home.words.say(key, thing=name, place=place))


def _untitled(clause: Clause, title: str, home: Home, now: float) -> Part | None:
    """A title that no player has among its favourites; one that holds the words is offered."""
    bare = replace(clause.mentions[0], missing="")
    joined = "".join(plain_words(title, home.words.language))
    near = [known for known in home.names.titles if joined and joined in known]
    if len(near) == 1:
        meant = order(Clause(replace(clause.deed, title=near[0]), () if bare == Mention() else (bare,)), home, now)
        if meant is not None and hasattr(meant.part, "commands"):
            spelled = next(iter(home.names.titles[near[0]].values()))
            return Clarify(home.words.say("ask.meant", options=spelled), (spelled,), ((spelled, meant.part.commands),))
        return meant.part if meant is not None else None
    target = order(Clause(clause.deed, () if bare == Mention() else (bare,)), home, now)
    if target is not None and isinstance(target.part, Refuse):
        return target.part
    ids = home.names.by_kind.get("speaker", [])
    if not ids:
        return Refuse(home.words.say("refuse.no_thing", thing=home.words.kind("speaker", 1)))
    called = home.words.join([home.view.devices[one].name for one in ids[:6]])
    known = list(dict.fromkeys(choice for titles in home.names.titles.values() for choice in titles.values()))
    if not known:
        return Refuse(home.words.say("refuse.no_titles", device=called, title=title))
    return Refuse(home.words.say("refuse.no_title", device=called, title=title, titles=", ".join(known[:8])))
