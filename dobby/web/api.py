"""The dashboard API: one handler an address. Who holds the token acts as the owner; commands pass the same gate."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from dobby.agent import consent
from dobby.agent.receive import Gateway
from dobby.agent.replies import settle
from dobby.agent.turn import local_message
from dobby.discovery.hosts import as_row
from dobby.errors import DobbyError
from dobby.history import History
from dobby.home.device import Command, Room
from dobby.home.home import Given
from dobby.messages import Person
from dobby.policy import Asker, Source
from dobby.timekeeping import Timekeeper
from dobby.tools.hands import Hands, dump_outcome
from dobby.tools.household import describe_room, give
from dobby.voice.opening import Voice
from dobby.web.care_api import CareApi
from dobby.web.charts_api import ChartsApi
from dobby.web.events import Events
from dobby.web.eyes_api import EyesApi
from dobby.web.guard import PERSON, STILL, ApiError, body
from dobby.web.mind_api import MindApi
from dobby.web.plans_api import PlansApi
from dobby.web.roles import sees, told
from dobby.web.talk_api import TalkApi
from dobby.web.views import home_view, outcomes_of, question_view, turn_view
from dobby.web.voice_api import VoiceApi

SAY_LIMIT = 60.0  # seconds that /api/say waits for the answer
STUCK = 30.0  # seconds until a page that takes nothing any more is given up
COMMANDS_LIMIT = 200
ANSWERS = ("yes", "no")


async def _nothing() -> None:
    """There is nothing to read anew."""


@dataclass(frozen=True, slots=True)
class Api:
    """What the handlers reach: the way in, the owner, the events, and what doctor knows."""

    gateway: Gateway
    owner: Person
    events: Events
    health: Callable[[], Awaitable[dict[str, Any]]]
    idle: Callable[[], bool]
    keeper: Timekeeper | None = None
    reread: Callable[[], Awaitable[None]] = _nothing
    care: CareApi | None = None
    history: History | None = None
    names_of: Mapping[str, str] = field(default_factory=dict)
    voice: Voice | None = None

    def routes(self) -> list[web.RouteDef]:
        """Every address of the API."""
        routes = [web.get("/api/home", self.home), web.post("/api/say", self.say), web.get("/api/turns", self.turns),
                  web.post("/api/commands", self.commands), web.get("/api/questions", self.questions),
                  web.post("/api/questions/{id}", self.answer), web.post("/api/stop", self.stop),
                  web.get("/api/events", self.stream), web.get("/api/turns/{id}", self.turn),
                  web.get("/api/health", self.doctor), web.get("/api/network", self.network),
                  web.post("/api/devices/{id}", self.name), web.post("/api/rooms", self.room)]
        agent, house = self.gateway.agent, self.gateway.agent.house
        routes += [*EyesApi(house).routes(), *PlansApi(house).routes(),
                   *MindApi(house, self.reread, agent.daily_tokens).routes(),
                   *TalkApi(house.store, self.names_of).routes(), *(self.care.routes() if self.care else ()),
                   *(ChartsApi(house, self.history).routes() if self.history else ()),
                   *(VoiceApi(self.voice, self.gateway, self.owner, self._said).routes() if self.voice else ())]
        if house.clock.manual:
            routes += [web.get("/api/clock", self.clock), web.post("/api/clock", self.set_clock)]
        return routes

    # --- reading ------------------------------------------------------------------------------------------------------

    async def home(self, request: web.Request) -> web.Response:
        """GET /api/home"""
        home = self.gateway.agent.house.home
        return web.json_response(home_view(home, lambda device: sees(request[PERSON], device)))

    async def turns(self, request: web.Request) -> web.Response:
        """GET /api/turns: the latest turns, oldest first; calls only of those without words (a hand on the page)."""
        store = self.gateway.agent.house.store
        rows = await store.all("turns_all", limit=50, person=own(request[PERSON]))
        return web.json_response({"turns": [
            turn_view(row, [] if row["text"] else await store.all("calls_of_turn", turn=row["id"]))
            for row in reversed(rows)]})

    async def turn(self, request: web.Request) -> web.Response:
        """GET /api/turns/ID"""
        store = self.gateway.agent.house.store
        id_ = request.match_info["id"]
        row = await store.one("turn", id=int(id_)) if id_.isdecimal() and len(id_) < 16 else None
        if row is None or own(request[PERSON]) not in ("", row["person"]):
            raise ApiError(404, "turn", "There is no such turn.")
        return web.json_response(turn_view(row, await store.all("calls_of_turn", turn=row["id"])))

    async def doctor(self, request: web.Request) -> web.Response:
        """GET /api/health"""
        return web.json_response(await self.health())

    async def network(self, request: web.Request) -> web.Response:
        """GET /api/network?what=: look at the network now (a few seconds) and say what is there; with now=0, what was
        seen so far."""
        scout = self.gateway.agent.house.scout
        what = request.query.get("what", "")[:100]
        offers = scout.found(what) if request.query.get("now") == "0" else await scout.look(what)
        return web.json_response({"found": [
            {"key": one.key, "make": one.title, "name": one.name, "room": one.room, "host": one.host,
             "needs": one.needs, "linked": one.linked, "why": one.why} for one in offers],
            "hosts": [dict(as_row(host, scout.linked(host))) for host in scout.hosts()]})

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """GET /api/events: until the page goes, falls behind, or its session is ended."""
        if not self.events.room(request[PERSON].name):
            raise ApiError(429, "much", "Too many pages are open.")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        last = request.headers.get("Last-Event-ID", request.query.get("after", ""))
        await response.prepare(request)
        person, home = request[PERSON], self.gateway.agent.house.home
        shown = {one.id for one in home.devices.values() if sees(person, one)}

        def tell(kind: str, data: Any) -> Any:
            id_ = data.get("device") if kind == "reading" else data.get("id") if kind == "device" else None
            said = told(person, kind, data, home.devices.get(str(id_)) if id_ else None)
            if kind == "device" and said is None and id_ in shown:  # moved to a room that is not shared
                said = {"id": id_, "device": None}
            if kind == "device":
                (shown.add if said is not None and said["device"] else shown.discard)(str(id_))
            return said
        try:
            async for line in self.events.follow(int(last) if last.isdecimal() and len(last) < 18 else None, tell,
                                                 person.name):
                if not request[STILL]():
                    break
                async with asyncio.timeout(STUCK):
                    await response.write(line.encode())
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()  # it takes nothing: a goodbye would wait as well
        except (ConnectionError, asyncio.CancelledError):
            return response
        return response

    # --- acting -------------------------------------------------------------------------------------------------------

    async def say(self, request: web.Request) -> web.Response:
        """POST /api/say {"text"}"""
        given = await body(request)
        text = given.get("text") if isinstance(given, dict) else None
        if not isinstance(text, str) or not text.strip():
            raise ApiError(422, "body", 'The body must be {"text": "..."}, and the text must say something.')
        external = given.get("id") if isinstance(given, dict) else None
        message = local_message("page", text, str(external or uuid.uuid4())[:64], person=self._else(request))
        id_ = await self.gateway.receive(message)
        store = self.gateway.agent.house.store
        if not id_ and (row := await store.one("message_by_external", channel="page", external=message.external)):
            if row["sender"] != message.sender:
                raise ApiError(422, "body", "This id was somebody else's.")
            id_ = row["id"]
        try:
            async with asyncio.timeout(SAY_LIMIT):
                await self.gateway.inbox.wait(id_)
        except TimeoutError:
            raise ApiError(504, "slow", "Still at it; the answer will stand in the conversation.") from None
        return web.json_response(await self._said(id_))

    async def _said(self, message: int) -> dict[str, Any]:
        house = self.gateway.agent.house
        turn = await house.store.one("turn_of_message", message=message)
        if turn is None:
            raise ApiError(500, "turn", "The message was taken, but left no turn.")
        calls = await house.store.all("calls_of_turn", turn=turn["id"])
        question = await house.approvals.get(turn["question"]) if turn["question"] else None
        return {"reply": turn["reply"], "mind": turn["mind"], "outcomes": outcomes_of(calls),
                "question": question_view(question) if question else None, "elapsed_ms": turn["elapsed_ms"],
                "turn": turn["id"], "pictures": json.loads(turn["pictures"])}

    async def commands(self, request: web.Request) -> web.Response:
        """POST /api/commands [{"device", "trait", "value"}]"""
        wanted = _commands(await body(request))
        hands = await self._hands(request, "page", "page")
        done = await hands.do(wanted, tool="page")
        await self._close(hands)
        outcomes = [dump_outcome(outcome) for outcome in done.outcomes]
        if done.question is None:
            return web.json_response({"outcomes": outcomes})
        return web.json_response({"outcomes": outcomes, "question": question_view(done.question)}, status=202)

    async def questions(self, request: web.Request) -> web.Response:
        """GET /api/questions"""
        found = await self.gateway.agent.house.approvals.open(request[PERSON].name)
        return web.json_response({"questions": [question_view(one) for one in found]})

    async def answer(self, request: web.Request) -> web.Response:
        """POST /api/questions/ID {"answer": "yes" | "no", "pin"?, "choice"?}"""
        given = await body(request)
        if not isinstance(given, dict) or given.get("answer") not in ANSWERS:
            raise ApiError(422, "body", 'The body must be {"answer": "yes"} or {"answer": "no"}, with "pin" if asked.')
        house = self.gateway.agent.house
        id_ = request.match_info["id"]
        approval = await house.approvals.get(int(id_)) if id_.isdecimal() and len(id_) < 16 else None
        if approval is None or approval.person != request[PERSON].name:  # also what would be kept of an answer
            raise ApiError(404, "question", "There is no such question.")
        pin, choice = given.get("pin"), given.get("choice", "")
        pin = str(pin) if isinstance(pin, int) and not isinstance(pin, bool) else pin
        person: Person = request[PERSON]
        pin_right = await house.approvals.check_pin(person, pin) if isinstance(pin, str) and pin else None
        if pin and not approval.needs_pin and isinstance(pin, str):
            for key in {c.device for one in approval.choices for c in one.commands if c.trait == "pair"}:
                house.scout.keep_code(key, pin)
        said = consent.Consent(given["answer"] == "yes", rest=tuple(consent.plain(str(choice))))
        hands = await self._hands(request, "phrase", "answer")
        text = await settle(hands, person, approval, said, pin_right)
        await self._close(hands, text)
        return web.json_response({"reply": text, "outcomes": [dump_outcome(o) for o in hands.outcomes]})

    async def stop(self, request: web.Request) -> web.Response:
        """POST /api/stop: cancel everything that runs or waits, in every conversation; a guest's own."""
        person: Person = request[PERSON]
        await self.gateway.stop(person, f"page:{person.name}" if person.role == "guest" else "")
        left = await self.gateway.agent.house.approvals.open()
        self.events.tell("question", {"open": [question_view(one) for one in left]})
        return web.json_response({"stopped": True})

    async def name(self, request: web.Request) -> web.Response:
        """POST /api/devices/ID {"name"?, "room"?, "aliases"?, "in_everything"?}: the owner's words for a device."""
        given, id_ = await body(request), request.match_info["id"]
        home = self.gateway.agent.house.home
        if id_ not in home.devices:
            raise ApiError(404, "device", "There is no such device.")
        old = home.given(id_)
        try:
            new = _given(given, old)
        except (TypeError, ValueError):
            raise ApiError(422, "body", "name and room are text, aliases a list of text, in_everything true or "
                                        "false.") from None
        await give(self.gateway.agent.house, id_, new)
        return web.json_response({"id": id_, "name": home.devices[id_].name, "room": home.devices[id_].room})

    async def room(self, request: web.Request) -> web.Response:
        """POST /api/rooms {"name", "floor"?, "aliases"?}: on which floor a room is and what else it is called."""
        match await body(request):
            case {"name": str() as name, **more} if 0 < len(name) <= 80:
                floor, aliases = more.get("floor", ""), more.get("aliases", [])
            case _:
                raise ApiError(422, "body", 'The body must be {"name": "...", "floor": "...", "aliases": ["..."]}.')
        if not isinstance(floor, str) or not isinstance(aliases, list) or not all(isinstance(a, str) for a in aliases):
            raise ApiError(422, "body", "floor is text, aliases a list of text.")
        await describe_room(self.gateway.agent.house, Room(name, floor, tuple(aliases)))
        return web.json_response({"name": name, "floor": floor, "aliases": aliases})

    async def clock(self, request: web.Request) -> web.Response:
        """GET /api/clock (manual clocks only)"""
        return web.json_response({"now": self.gateway.agent.house.clock.now().isoformat(), "idle": self.idle()})

    async def set_clock(self, request: web.Request) -> web.Response:
        """POST /api/clock {"advance_s"} | {"set"} (manual clocks only)"""
        given, clock = await body(request), self.gateway.agent.house.clock
        try:
            match given:
                case {"advance_s": int() | float() as seconds}:
                    await self._move(clock.now() + timedelta(seconds=seconds), steps=False)
                case {"set": str() as at}:
                    await self._move(datetime.fromisoformat(at), steps=True)
                case _:
                    raise ApiError(422, "body", 'The body must be {"advance_s": seconds} or {"set": "ISO time"}.')
        except (DobbyError, ValueError, OverflowError) as error:
            raise ApiError(422, "clock", str(error)) from None
        return await self.clock(request)

    async def _move(self, to: datetime, *, steps: bool) -> None:
        """Let time pass, or put the clock to another moment at once."""
        clock = self.gateway.agent.house.clock
        if to.tzinfo is None or to < clock.now() or self.keeper is None:
            clock.set(to)  # says what is wrong with it
        elif steps:
            await self.keeper.step(to)
        else:
            await self.keeper.advance(to)

    # --- the page's own turns -----------------------------------------------------------------------------------------

    def _else(self, request: web.Request) -> Person | None:
        """Who is at the page, None for the owner whose page it is."""
        person: Person = request[PERSON]
        return None if person.name == self.owner.name else person

    async def _hands(self, request: web.Request, source: Source, external: str) -> Hands:
        """Hands for something done on the page, with a turn of its own so that it can be told and undone."""
        agent, person = self.gateway.agent, request[PERSON]
        conversation = f"page:{person.name}" if self._else(request) else "owner"
        turn = await agent.silent_turn(person, "page", f"{external}:{uuid.uuid4()}", conversation)
        return Hands(agent.house, Asker(person, source), turn, conversation)

    async def _close(self, hands: Hands, reply: str = "") -> None:
        await self.gateway.agent.end_silent_turn(hands, reply)


def own(person: Person) -> str:
    """Whose turns a person may open: their own, "" = everybody's for the owner."""
    return "" if person.role == "owner" else person.name


def _commands(given: object) -> list[Command]:
    if not isinstance(given, list) or len(given) > COMMANDS_LIMIT:
        raise ApiError(422, "body", f"The body must be a list of at most {COMMANDS_LIMIT} commands.")
    found = []
    for at, row in enumerate(given):
        if not isinstance(row, dict) or not isinstance(row.get("device"), str) or not isinstance(row.get("trait"), str):
            raise ApiError(422, "body", f'Command {at} must be {{"device", "trait", "value"}}.')
        value = row.get("value")
        if not (value is None or isinstance(value, bool | int | float | str | dict)):
            raise ApiError(422, "body", f"Command {at}: value must be true, false, a number, text or x and y.")
        found.append(Command(row["device"], row["trait"], value))
    return found


def _given(given: object, old: Given) -> Given:
    if not isinstance(given, dict):
        raise TypeError
    name, room = given.get("name", old.name), given.get("room", old.room)
    aliases, everything = given.get("aliases", list(old.aliases)), given.get("in_everything", old.in_everything)
    fits = (isinstance(name, str) and (room is None or isinstance(room, str)) and isinstance(everything, bool)
            and isinstance(aliases, list) and all(isinstance(alias, str) for alias in aliases))
    if not fits or len(aliases) > 20 or any(len(one) > 80 for one in (name, room or "", *aliases)):
        raise ValueError
    return Given(name, room, tuple(aliases), everything)
