"""A call: greeted, heard, answered, refused; and nothing opens by voice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from xml.etree import ElementTree

import pytest
from twilio.request_validator import RequestValidator

from dobby.demo import TWILIO_TOKEN
from tests.stories.house import House, lived_in

pytestmark = pytest.mark.anyio
OWNER, STRANGER = "+15550100", "+15559999"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for the module's house."""
    return "asyncio"


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[House]:
    """A lived-in house."""
    async with lived_in(tmp_path_factory.mktemp("phone")) as one:
        yield one


async def call(house: House, url: str, token: str = TWILIO_TOKEN, **form: str) -> tuple[int, str]:
    """A webhook as Twilio Voice sends it: status and TwiML."""
    signature = RequestValidator(token).compute_signature(url, form)
    async with house.web.post(url, data=form, headers={"X-Twilio-Signature": signature}) as answer:
        return answer.status, await answer.text()


def said(twiml: str) -> tuple[str, str]:
    """What is spoken, and where what is heard next goes."""
    root = ElementTree.fromstring(twiml)
    gather = root.find("Gather")
    say = root.find(".//Say")
    return (say.text or "") if say is not None else "", gather.get("action", "") if gather is not None else ""


async def test_a_call_is_a_conversation(house: House) -> None:
    status, twiml = await call(house, house.ready["webhook"] + "/voice", From=OWNER, CallSid="CA1")
    assert status == 200
    hello, listen = said(twiml)
    assert "Dobby" in hello
    _, twiml = await call(house, listen, From=OWNER, CallSid="CA1", SpeechResult="Turn off the study lights.",
                          Confidence="0.92")
    answer, listen = said(twiml)
    assert "off" in answer
    assert (await house.state("study_lamp"))["on"] is False
    again, _ = said((await call(house, listen, From=OWNER, CallSid="CA1", SpeechResult="is the study lamp on?",
                                Confidence="0.9"))[1])
    assert "Study Lamp" in again


async def test_what_was_hardly_heard_does_nothing_and_silence_ends_the_call(house: House) -> None:
    await house.hand("study_lamp", on=True)
    url = house.ready["webhook"] + "/voice/heard?turn=0&silent=0"
    unclear, listen = said((await call(house, url, From=OWNER, CallSid="CA2", SpeechResult="everything off",
                                       Confidence="0.2"))[1])
    assert "catch" in unclear
    assert (await house.state("study_lamp"))["on"] is True
    still, listen = said((await call(house, listen, From=OWNER, CallSid="CA2", SpeechResult=""))[1])
    assert "still here" in still
    _, twiml = await call(house, listen, From=OWNER, CallSid="CA2", SpeechResult="")
    assert "<Hangup/>" in twiml


@pytest.mark.parametrize("order", ["unlock the front door", "unlock the front door 2468", "open the garage",
                                   "disarm the alarm 2468"])
async def test_nothing_opens_by_voice(house: House, order: str) -> None:
    url = house.ready["webhook"] + "/voice/heard?turn=0&silent=0"
    _, twiml = await call(house, url, From=OWNER, CallSid=f"CA{abs(hash(order))}", SpeechResult=order,
                          Confidence="0.95")
    answer, listen = said(twiml)
    await call(house, listen, From=OWNER, CallSid=f"CA{abs(hash(order))}", SpeechResult="yes 2468", Confidence="0.95")
    assert (await house.state("front_door"))["locked"] is True
    assert (await house.state("garage_door"))["position"] == 0
    assert answer


async def test_strangers_and_forgers_are_refused(house: House) -> None:
    url = house.ready["webhook"] + "/voice"
    assert (await call(house, url, From=STRANGER, CallSid="CA3"))[1].count("<Reject/>") == 1
    assert "<Reject/>" in (await call(house, url + "/heard?turn=0&silent=0", From=STRANGER, CallSid="CA3",
                                      SpeechResult="everything off"))[1]
    assert (await call(house, url, token="wrong", From=OWNER, CallSid="CA4"))[0] == 403


async def test_what_is_sent_twice_is_done_once(house: House) -> None:
    url = house.ready["webhook"] + "/voice/heard?turn=5&silent=0"
    first = await call(house, url, From=OWNER, CallSid="CA5", SpeechResult="turn on the desk lamp", Confidence="0.9")
    await house.hand("desk_lamp", on=False)
    second = await call(house, url, From=OWNER, CallSid="CA5", SpeechResult="turn on the desk lamp", Confidence="0.9")
    assert said(first[1])[0] == said(second[1])[0]
    assert (await house.state("desk_lamp"))["on"] is False
