"""What the page is told: changes of the home and turns that ended become server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from dobby.agent.inbox import Inbox
from dobby.approvals import Approvals
from dobby.home.home import Changed, Home
from dobby.store import Store
from dobby.web.events import Events
from dobby.web.views import device_view, question_view, turn_view


async def tell_changes(home: Home, events: Events) -> None:
    """Tell readings and devices as they change, until cancelled."""
    with home.listen() as changes:
        while True:
            change = await changes.get()
            if change is None:
                events.tell("reset", {})
            elif not change.trait:
                device = home.devices.get(change.device)
                events.tell("device", {"id": change.device, "device": device_view(device, home) if device else None})
            else:
                events.tell("reading", _reading(change, home))


def _reading(change: Changed, home: Home) -> dict[str, object]:
    return {"device": change.device, "trait": change.trait, "value": change.value,
            "at": change.at.isoformat() if change.at else None, "pending": change.pending,
            "reachable": home.reachable(change.device)}


def turn_teller(store: Store, approvals: Approvals, inbox: Inbox, events: Events) -> Callable[[int, int], None]:
    """What to call with (turn, message) when a turn ended: wakes who waits for it, tells it and the open questions."""
    tasks: set[asyncio.Task[None]] = set()

    async def tell(turn: int) -> None:
        row = await store.one("turn", id=turn)
        if row is None:
            return
        events.tell("turn", turn_view(row, await store.all("calls_of_turn", turn=turn)))
        events.tell("question", {"open": [question_view(one) for one in await approvals.open()]})

    def ended(turn: int, message: int) -> None:
        inbox.finished(message)
        task = asyncio.create_task(tell(turn))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    return ended
