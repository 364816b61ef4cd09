"""The one thread of the page: what was said through every door, and what Dobby told unasked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from dobby.messages import Letter, Person
from dobby.store import Row, Store
from dobby.web.guard import PERSON
from dobby.web.views import turn_view

THREAD = 60  # entries of each kind


@dataclass(frozen=True, slots=True)
class TalkApi:
    """The handler over the store. names: whose an address is, as "channel:address"."""

    store: Store
    names: Mapping[str, str]

    def routes(self) -> list[web.RouteDef]:
        """Its address."""
        return [web.get("/api/talk", self.talk)]

    async def talk(self, request: web.Request) -> web.Response:
        """GET /api/talk: turns and letters of the person at the page (of all, for the owner), the oldest first."""
        person: Person = request[PERSON]
        everybody = person.role == "owner"
        turns = await self.store.all("turns_lately", limit=THREAD, person="" if everybody else person.name)
        letters = await self.store.all("letters_lately", limit=THREAD, all=everybody,
                                       addresses=json.dumps([*person.addresses, f"page:{person.name}"]))
        return web.json_response({"turns": [turn_view(row, []) for row in reversed(turns)],
                                  "letters": [self._letter(row) for row in reversed(letters)]})

    def _letter(self, row: Row) -> dict[str, Any]:
        pictures, address = [name for name, _ in json.loads(row["pictures"])], f"{row['channel']}:{row['recipient']}"
        return {"key": row["key"], "channel": row["channel"], "to": row["recipient"], "text": row["text"],
                "who": self.names.get(address, ""), "at": row["created"], "kind": row["kind"], "pictures": pictures,
                "state": row["state"]}


def letter_event(letter: Letter, who: str) -> dict[str, Any]:
    """A letter that was just queued, as an event."""
    return {"key": letter.key, "channel": letter.channel, "to": letter.to, "text": letter.text, "who": who,
            "at": letter.created.isoformat(), "kind": letter.kind, "pictures": [one.name for one in letter.pictures],
            "state": "pending"}
