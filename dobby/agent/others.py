""" "Remind Sam at five to take out the bins", "tell everyone at eight that dinner is ready", "wake Sam up": what is
said to another of the house. The sentence is read as if it were for the speaker, and then is for them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from dobby.agent.meaning import EVERYONE, Refuse, Timed
from dobby.agent.said import Said
from dobby.agent.text import fold

Again = Callable[[str], Timed | Refuse | None]


def others(said: Said, again: Again) -> Timed | Refuse | None:
    """What others shall be told, None when this is something else. again: reads the sentence that is for oneself."""
    raw = said.reader.known.raw["people"]
    for at in _places(said):
        for name, own in (("remind", raw["own_remind"]), ("tell", raw["own_tell"]), ("wake", raw["own_wake"])):
            if (start := said.reader.phrase(f"{name}_other", at)) == at:
                continue
            names, end = _names(said, start)
            if not names or names == ("",):
                if name != "wake" and (found := _stranger(said, at, start, own, again, name)) is not None:
                    return found
                continue
            for mine in own:
                read = again(_own(said, at, said.reader.phrase("other_end", end), mine))
                if isinstance(read, Refuse) or (isinstance(read, Timed) and read.verb in ("tell", "wake", "when?",
                                                                                         "no_machine", "no_person")):
                    if name == "tell" and (message := _message(said, at, start, end, read)):
                        return Timed("pass_on", text=message, to=names)
                    return read if isinstance(read, Refuse) else replace(read, to=names)
    return None


def _message(said: Said, at: int, start: int, end: int, read: Timed | Refuse) -> str:
    """What is to be passed on at once, "" for nothing: there is no time in it, or it is the message's own ("dinner is
    at eight"), and it is no question that Dobby himself would have to answer first."""
    if at or not isinstance(read, Timed) or read.condition is not None:
        return ""
    people = said.reader.known.raw["people"]
    words, gone = [word.text for word in said.words], {fold(one) for one in people["tell_now_not"]}
    own = bool(read.text) and read.text.split()[-1].casefold() in map(str.casefold, people["unfinished"])
    ends = any(end == len(said.words) for _, _, end in said.reader.runs())
    if read.verb != "when?" and not (read.verb == "tell" and own and ends):
        return ""
    if " ".join(words[at:start]) in gone or " ".join(words[start:end]) in gone or "?" in said.text:
        return ""
    told = said.reader.phrase("remind_to", said.reader.phrase("other_end", end))
    if told >= len(words) or words[told] in gone:
        return ""
    return said.typed(told, len(words))


def _places(said: Said) -> list[int]:
    """Where "remind Sam" may stand: at the start, after a time, or after a comma's worth of a condition."""
    places = {0} | {end for _, start, end in said.reader.runs()[:1] if not start}
    if max(said.reader.phrase(name, 0) for name in ("when", "whenever")):
        places |= set(range(2, len(said.words)))
    return sorted(places)


def _own(said: Said, at: int, end: int, mine: str) -> str:
    """The sentence with "remind me" for "remind Sam"."""
    words = said.words
    head = said.text[:words[at].start] if at < len(words) else ""
    return f"{head}{mine} {said.text[words[end].start:]}" if end < len(words) else f"{head}{mine}"


def _names(said: Said, at: int) -> tuple[tuple[str, ...], int]:
    """Who is named from here on, "" for the speaker, and the end; () for nobody of the house."""
    if (end := said.reader.phrase("everyone", at)) > at:
        return (EVERYONE,), end
    found: list[str] = []
    while True:
        start = said.reader.phrase("and", at) if found else at
        name, end = _name(said, start)
        if end == start:
            return tuple(found), at
        found, at = [*found, name], end


def _name(said: Said, at: int) -> tuple[str, int]:
    if (end := said.reader.phrase("myself", at)) > at:
        return "", end
    for person in said.people:
        words = re.findall(r"\w+", fold(person))
        if words and list(said.reader.words[at:at + len(words)]) == words:
            return person, at + len(words)
    return "", at


def _stranger(said: Said, at: int, start: int, own: list[str], again: Again, verb: str) -> Timed | None:
    """Somebody who is named and not of the house: "remind Anna at five", "tell the kids at six that ..."."""
    raw = said.reader.known.raw
    articles, others = ({fold(one) for one in several} for several in (raw["articles"], raw["people"]["not_names"]))
    words = [word.text for word in said.words]
    end = start + (2 if words[start:start + 1] and words[start] in articles else 1)
    if end >= len(words) or words[end - 1] in others | articles or not words[end - 1].isalpha() or (
            said.reader.time(start) is not None or said.reader.time(end - 1) is not None):
        return None
    told = _after_time(said, end)
    if verb == "tell" and said.reader.phrase("that", told) == told:
        return None
    read = again(_own(said, at, said.reader.phrase("other_end", end), own[0]))
    verbs = ("tell", "when?") if verb == "tell" else ("tell",)  # "tell Anna that dinner is ready" needs no time
    sure = isinstance(read, Timed) and read.verb in verbs and read.text
    return Timed("no_person", text=said.typed(start, end)) if sure else None


def _after_time(said: Said, at: int) -> int:
    found = said.reader.time(at)
    return found[1] if found else at
