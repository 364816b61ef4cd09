"""What may be said next: a grammar (JSGF, as dobby/voice/phrases.py writes it) walked word by word. Pure.

Rules are opened only where the walk comes by, so hundreds of names cost nothing until somebody says "turn on the ...".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

END = ""  # the sentence may end here
Node = str | tuple[str, tuple["Node", ...]]  # a word, a "<rule>", ("all", in a row), ("one", of these), ("may")


@dataclass(eq=False, slots=True)
class Way:
    """What is still to come of a sentence; None as `rest`: nothing more."""

    node: Node
    rest: Way | None
    rules: Mapping[str, Node]
    _words: dict[str, list[Way | None]] | None = field(default=None)

    def words(self) -> Mapping[str, Sequence[Way | None]]:
        """The words that may come now, each with what may follow it; END among them where nothing need come."""
        if self._words is None:
            self._words = {}
            self._open(self.node, self.rest, self._words)
        return self._words

    def _open(self, node: Node, rest: Way | None, found: dict[str, list[Way | None]]) -> None:
        if isinstance(node, str):
            if node.startswith("<"):
                self._open(self.rules[node], rest, found)
            else:
                found.setdefault(node, []).append(rest)
            return
        kind, parts = node
        if kind == "one":
            for part in parts:
                self._open(part, rest, found)
        elif parts:
            self._open(parts[0], Way(("all", parts[1:]), rest, self.rules) if parts[1:] else rest, found)
        if kind == "may" or not parts:
            for word, ways in (rest.words() if rest is not None else {END: [None]}).items():
                found.setdefault(word, []).extend(ways)


def walk(jsgf: str) -> Way:
    """The beginning of a grammar; ValueError for one that is none."""
    rules: dict[str, Node] = {}
    for name, body in re.findall(r"(?:public\s+)?(<\w+>)\s*=\s*([^;]+);", jsgf):
        pieces = re.findall(r"<\w+>|[()\[\]|]|[^\s()\[\]|<>]+", body)
        rules[name] = _read(pieces)
        if pieces:
            raise ValueError(f"The rule {name} does not close what it opens.")
    missing = {one for body in rules.values() for one in _names(body)} - rules.keys()
    if missing or "<top>" not in rules:
        raise ValueError(f"The grammar lacks {', '.join(sorted(missing)) or '<top>'}.")
    return Way("<top>", None, rules)


def sentence(text: str) -> Way:
    """A walk that knows one sentence only."""
    return Way(("all", tuple(text.split())), None, {})


def _read(pieces: list[str]) -> Node:
    """Alternatives up to a closing bracket or the end; what is read is taken from `pieces`."""
    ways: list[Node] = []
    row: list[Node] = []
    while pieces and pieces[0] not in ")]":
        piece = pieces.pop(0)
        if piece == "|":
            ways.append(("all", tuple(row)))
            row = []
        elif piece in "([":
            inner = _read(pieces)
            if not pieces:
                raise ValueError("A bracket is not closed.")
            pieces.pop(0)
            row.append(("may", (inner,)) if piece == "[" else inner)
        else:
            row.append(piece)
    return ("one", (*ways, ("all", tuple(row))))


def _names(node: Node) -> set[str]:
    if isinstance(node, str):
        return {node} if node.startswith("<") else set()
    return {name for part in node[1] for name in _names(part)}
