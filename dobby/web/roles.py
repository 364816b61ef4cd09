"""What a role may see and call on the page. Pure.

The owner: everything. A member: the life of the house, but not its keys (backup, logs, who is logged in, files that
change what Dobby does). A guest: lights and speakers of the rooms that the owner shares, and a talk with Dobby; what a
guest's orders may do is the policy's business, as at every other door.
"""

from __future__ import annotations

from typing import Any

from dobby.home.device import Device
from dobby.messages import Person
from dobby.policy import GUEST_KINDS

OWNERS = ("/api/backup", "/api/restore", "/api/restart", "/api/logs", "/api/logins", "/api/rooms")
OWNERS_CHANGES = ("/api/skills", "/api/devices", "/api/clock", "/api/eyes")  # a member may read these, not write them
GUESTS = ("/api/home", "/api/events", "/api/commands", "/api/say", "/api/questions", "/api/me", "/api/talk",
          "/api/stop", "/api/voice", "/api/logout")


def may(person: Person, method: str, path: str) -> bool:
    """Whether a person may call an address at all. The page's own files are for everybody who is let in."""
    if not path.startswith("/api/") or person.role == "owner":
        return True
    if person.role == "guest":
        return _under(path, GUESTS)
    return not _under(path, OWNERS) and (method in ("GET", "HEAD") or not _under(path, OWNERS_CHANGES))


def _under(path: str, roots: tuple[str, ...]) -> bool:
    return any(path == root or path.startswith(f"{root}/") for root in roots)


def sees(person: Person, device: Device | None) -> bool:
    """Whether a person is shown a device."""
    if person.role != "guest":
        return True
    return device is not None and device.kind in GUEST_KINDS and person.shares(device.room)


def told(person: Person, kind: str, data: Any, device: Device | None) -> Any:
    """An event as a person is told it; None for not at all."""
    if person.role == "owner":
        return data
    if kind in ("reading", "device"):
        return data if sees(person, device) else None
    if kind == "question":
        return {"open": [one for one in data["open"] if one["person"] == person.name]}
    if kind in ("turn", "letter"):
        return data if data["who"] == person.name else None
    return data if kind in ("hello", "reset") or person.role == "member" else None
