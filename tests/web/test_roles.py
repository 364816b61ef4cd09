"""Who may call what: a decision for every address that there is, so that a new one without a decision fails here."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from dobby.clock import Clock
from dobby.config import load
from dobby.home.device import Device
from dobby.messages import Person, Role
from dobby.web.api import Api
from dobby.web.care_api import CareApi
from dobby.web.events import Events
from dobby.web.logs import Lately
from dobby.web.roles import may, sees, told
from dobby.web.server import dashboard

PAGE = Path(__file__).parent.parent.parent / "docs" / "page.md"
ROBIN, SAM = Person("Robin", "owner"), Person("Sam", "member")
ALEX = Person("Alex", "guest", rooms=("Study", "Guest Room"))
RANK: dict[str, int] = {"guest": 0, "member": 1, "owner": 2}
# the least that one must be, by address; "*" stands for the rest of it
DECIDED: dict[str, Role] = {
    "GET /api/home": "guest", "GET /api/events": "guest", "POST /api/commands": "guest", "POST /api/say": "guest",
    "GET /api/questions": "guest", "POST /api/questions/{id}": "guest", "GET /api/me": "guest",
    "GET /api/talk": "guest", "POST /api/stop": "guest", "POST /api/logout": "guest", "* /api/voice*": "guest",
    "GET /api/turns": "member", "GET /api/turns/{id}": "member", "GET /api/health": "member",
    "GET /api/network": "member", "GET /api/eyes": "member", "GET /api/cameras/{name}": "member",
    "GET /api/pictures/{name}": "member",
    "GET /api/plans": "member", "DELETE /api/plans/{id}": "member", "GET /api/memory": "member",
    "POST /api/memory": "member", "POST /api/memory/{id}": "member", "GET /api/skills": "member",
    "GET /api/skills/{name}/versions": "member", "GET /api/budget": "member", "GET /api/charts": "member",
    "GET /api/history": "member", "GET /api/clock": "member",
    "POST /api/clock": "owner", "PUT /api/skills/{name}": "owner", "POST /api/devices/{id}": "owner",
    "POST /api/rooms": "owner", "POST /api/eyes/{event}": "owner", "GET /api/backup": "owner",
    "POST /api/restore": "owner", "POST /api/restart": "owner", "GET /api/logs": "owner", "GET /api/logins": "owner",
    "DELETE /api/logins/{id}": "owner",
}


def addresses() -> list[tuple[str, str]]:
    """Method and path of everything that the real router knows."""
    stand_in: Any = SimpleNamespace
    house = stand_in(clock=Clock(manual=True), store=None)
    gateway = stand_in(agent=stand_in(house=house, daily_tokens=0))
    care = CareApi(Path(), Clock().now, Lately(()), lambda: None)
    api = Api(gateway, ROBIN, Events(), cast(Any, None), lambda: True, care=care, history=cast(Any, object()))
    app = dashboard(api, cast(Any, object()), frozenset())
    return sorted({(route.method, route.resource.canonical) for route in app.router.routes() if route.resource})


def decision(method: str, path: str) -> Role | None:
    """What was decided for an address."""
    found = DECIDED.get(f"{'GET' if method == 'HEAD' else method} {path}")
    return found or next((role for name, role in DECIDED.items() if name.startswith("* ") and name.endswith("*")
                          and path.startswith(name[2:-1])), None)


@pytest.mark.parametrize(("method", "path"), addresses(), ids=" ".join)
def test_every_address_is_decided_and_the_decision_holds(method: str, path: str) -> None:
    filled = path.replace("{id}", "7").replace("{name}", "x").replace("{event}", "e1")
    least = decision(method, path)
    if not path.startswith("/api/"):
        assert all(may(who, method, filled) for who in (ROBIN, SAM, ALEX)), "the page's own files"
        return
    assert least is not None, f"{method} {path}: who may call it? Decide, in dobby/web/roles.py and here."
    for who in (ROBIN, SAM, ALEX):
        assert may(who, method, filled) is (RANK[who.role] >= RANK[least]), who.role


@pytest.mark.parametrize("address", [one for one in DECIDED if "*" not in one])
def test_the_docs_say_it_too(address: str) -> None:
    said = re.sub(r"\{(\w+)\}", lambda found: found[1].upper(), address)
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if f"`{said}`" in line]
    assert rows, f"docs/page.md does not name {said}"
    row = rows[0]
    assert row.rstrip("| ").rpartition("| ")[2] == DECIDED[address] or "the second is the owner's" in row


def test_every_address_is_in_the_docs() -> None:
    text = PAGE.read_text("utf-8")
    for method, path in addresses():
        said = re.sub(r"\{(\w+)\}", lambda found: found[1].upper(), path)
        assert method == "HEAD" or not path.startswith("/api/") or f"`{method} {said}" in text, f"{method} {path}"


def test_nothing_is_decided_that_is_not_there() -> None:
    there = {f"{method} {path}" for method, path in addresses()}
    assert {name for name in DECIDED if not name.startswith("* ")} <= there


@pytest.mark.parametrize("path", ["/api/homely", "/api/home2", "/api/logs/x", "/api/new", "/api/", "/api/me2",
                                  "/api/sayings", "/api/eyes/../home", "/api/talk-of-others"])
def test_a_guest_may_what_is_named_and_nothing_that_begins_alike(path: str) -> None:
    assert not may(ALEX, "GET", path)


@pytest.mark.parametrize(("kind", "room", "seen"), [
    ("light", "Study", True), ("speaker", "study", True), ("light", "GUEST ROOM", True), ("light", "Kitchen", False),
    ("lock", "Study", False), ("camera", "Study", False), ("light", "", False), ("alarm", "Guest Room", False)])
def test_a_guest_sees_lights_and_speakers_of_the_shared_rooms(kind: Any, room: str, seen: bool) -> None:
    device = Device("x:1", "It", kind, room, "x", ())
    assert sees(ALEX, device) is seen
    assert sees(SAM, device)
    assert sees(ROBIN, device)
    assert not sees(Person("Kim", "guest"), device), "no room is shared with Kim"
    assert not sees(ALEX, None)


def test_who_is_told_what() -> None:
    lamp, lock = Device("x:1", "Lamp", "light", "Study", "x", ()), Device("x:2", "Door", "lock", "Hall", "x", ())
    mine, others = {"who": "Alex"}, {"who": "Robin"}
    questions = {"open": [{"person": "Robin"}, {"person": "Alex"}, {"person": "Sam"}]}
    for kind in ("turn", "letter"):
        assert [told(who, kind, one, None) is one for who in (ROBIN, SAM, ALEX) for one in (mine, others)] == [
            True, True, False, False, True, False]
    for kind in ("reading", "device"):
        assert [told(who, kind, mine, one) is not None for who in (SAM, ALEX) for one in (lamp, lock, None)] == [
            True, True, True, True, False, False]
    assert told(ALEX, "question", questions, None) == {"open": [{"person": "Alex"}]}
    assert told(SAM, "question", questions, None) == {"open": [{"person": "Sam"}]}
    assert told(ROBIN, "question", questions, None) is questions
    for kind in ("seen", "health", "something new"):
        assert told(ALEX, kind, {}, None) is None
        assert told(SAM, kind, {}, None) == {}


@pytest.mark.parametrize(("people", "words"), [
    ((("Robin", "owner"), ("robin ", "guest")), "there is another"),
    ((("Robin", "owner"), ("Owner", "guest")), "goes by")])
def test_nobody_goes_by_anothers_name(tmp_path: Path, people: tuple[tuple[str, str], ...], words: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text("".join(f'[[people]]\nname = "{name}"\nrole = "{role}"\n' for name, role in people))
    with pytest.raises(Exception, match=words):
        load(path)
