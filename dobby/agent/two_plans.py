""" "At sunset turn on the porch light and turn it off at 11": one sentence, two plans. The second is read after the
first, so that "it" is what the first was about; what a reminder is to say is never taken for an order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dobby.agent.meaning import Do, Miss, Refuse, Timed, Understood
from dobby.agent.said import Said, without
from dobby.home.device import Command
from dobby.jobs.spoken import Spoken

DEEDS = ("order", "skill")
AFTER: dict[str, tuple[str, ...]] = {"order": DEEDS, "skill": DEEDS, "wake": (*DEEDS, "tell", "wake"),
                                     "tell": ("tell",)}
Planned = Callable[[Said], Timed | Refuse | None]


def twice(said: Said, planned: Planned) -> Timed | None:
    """Both plans, the second as what follows; None where the sentence is no such thing."""
    if (lasting := _until(said)) is not None:
        return lasting
    for at in range(2, len(said.words) - 1):
        end = said.reader.phrase("and", at)
        if end == at:
            continue
        second = said.part(said.reader.phrase("then", end), len(said.words))
        if not second.reader.runs():
            continue
        if (both := _both(said.part(0, at), second, planned)) is not None:
            return both
    return None


def _until(said: Said) -> Timed | None:
    """ "Turn on the porch light from sunset to 11"."""
    for time, start, end in said.reader.runs():
        last = said.reader.phrase("until", end)
        found = said.reader.clock_form(last) if time.sun and last > end else None
        if found is None:
            continue
        read = said.order(without(said, [(time, start, found[1])]))
        if (on := _commands(read)) and all((one.trait, one.value) == ("on", True) for one in on):
            return Timed("order", time, commands=on, then=Timed("order", Spoken(clocks=found[0]), commands=off(on)))
    return None


def _both(first: Said, second: Said, planned: Planned) -> Timed | None:
    runs = first.reader.runs()
    read = first.order(without(first, runs))
    context = read.context if isinstance(read, Understood) else None
    verb = first.text.split()

    def order(text: str) -> Understood | Miss:
        """What follows, with the verb of the first where it was said once for both."""
        plain: Understood | Miss = first.order(text, context)
        if _commands(plain):
            return plain
        again = [first.order(" ".join([*verb[:size], text]), context) for size in (2, 1, 3)]
        return next((one for one in again if _commands(one)), plain)
    after = replace(second, order=order)
    one = planned(first) if runs else None
    two = planned(after)
    done = _commands(read) or (one.commands if isinstance(one, Timed) else ())
    if two is None and done and _only_off(after):
        [(time, _, _)] = after.reader.runs()[:1]
        two = Timed("order", time, commands=off(done))
    if not isinstance(two, Timed) or two.first or two.then or two.condition or not two.said.timed:
        return None
    if isinstance(one, Timed) and two.verb in AFTER.get(one.verb, ()) and one.then is None and one.condition is None:
        return replace(one, then=two)
    now = isinstance(read, Understood) and len(read.parts) == 1 and isinstance(read.parts[0], Do)
    if runs or not now or not isinstance(read, Understood) or not isinstance(do := read.parts[0], Do):
        return None
    undone = {(one.device, one.trait) for one in two.commands if one not in do.commands}
    if undone and {(one.device, one.trait) for one in do.commands} >= undone:  # on now, and off then
        return replace(two, first=do)
    return None


def _commands(read: Understood | Miss) -> tuple[Command, ...]:
    return tuple(one for part in read.parts if isinstance(part, Do) for one in part.commands) if isinstance(
        read, Understood) else ()


def _only_off(said: Said) -> bool:
    """ "off at 11"."""
    [(_, start, end)] = said.reader.runs()[:1]
    rest = [word for at, word in enumerate(said.reader.words) if not start <= at < end]
    return tuple(rest) in said.reader.known.phrases["off_again"]


def off(commands: tuple[Command, ...]) -> tuple[Command, ...]:
    """What switches off what these switch on."""
    return tuple(replace(one, value=False) for one in commands if one.trait == "on")
