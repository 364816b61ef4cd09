"""The stand-in Messages API, judged by Anthropic's own SDK; the faults do to it what shared/facts say they do."""

import json
from collections.abc import AsyncIterator
from typing import Any

import anthropic
import pytest

from .conftest import Sim

pytestmark = pytest.mark.anyio

ASK: Any = {"model": "claude-sonnet-5-5", "max_tokens": 500, "messages": [{"role": "user", "content": "hello"}]}
TOOLS = [{"name": "set", "input": {"room": "study", "on": False}}, {"name": "get", "input": {}}]


@pytest.fixture
async def client(sim: Sim, anyio_backend: str) -> AsyncIterator[anthropic.AsyncAnthropic]:
    """The SDK, aimed at the home, without retries."""
    sim.call("DELETE", "/script", base=sim.ready["model"])
    base = sim.ready["model"]
    async with anthropic.AsyncAnthropic(api_key="any", base_url=base, max_retries=0, timeout=2.0) as made:
        yield made


def script(sim: Sim, *replies: Any) -> None:
    """Replies for the next requests."""
    answer = sim.call("POST", "/script", {"replies": list(replies)}, base=sim.ready["model"])
    assert "error" not in answer, answer


async def streamed(client: anthropic.AsyncAnthropic, **more: Any) -> Any:
    """The final message of a stream."""
    async with client.messages.stream(**(ASK | more)) as stream:
        return await stream.get_final_message()


async def test_text_streamed_and_whole(sim: Sim, client: anthropic.AsyncAnthropic) -> None:
    script(sim, {"text": "At your service."}, {"text": "Still here."})
    async with client.messages.stream(**ASK) as stream:
        pieces = [piece async for piece in stream.text_stream]
    assert "".join(pieces) == "At your service."
    assert len(pieces) > 1
    whole = await client.messages.create(**ASK)
    assert whole.content[0].text == "Still here."
    assert whole.stop_reason == "end_turn"
    assert whole.usage.input_tokens > 0
    asked = sim.call("GET", "/script", base=sim.ready["model"])
    assert [request["messages"] for request in asked["requests"]] == [ASK["messages"]] * 2
    assert asked["left"] == 0


async def test_tools_side_by_side_with_text(sim: Sim, client: anthropic.AsyncAnthropic) -> None:
    script(sim, {"text": "I will.", "tools": TOOLS})
    message = await streamed(client)
    assert message.stop_reason == "tool_use"
    assert [block.type for block in message.content] == ["text", "tool_use", "tool_use"]
    assert message.content[1].input == {"room": "study", "on": False}
    assert message.content[1].id != message.content[2].id


async def test_no_script_says_so(sim: Sim, client: anthropic.AsyncAnthropic) -> None:
    assert "stand-in" in (await streamed(client)).content[0].text


async def test_a_tool_call_without_its_result_is_refused(sim: Sim, client: anthropic.AsyncAnthropic) -> None:
    script(sim, {"text": "never"})
    use = {"type": "tool_use", "id": "toolu_1", "name": "get", "input": {}}
    history = [*ASK["messages"], {"role": "assistant", "content": [use]}, {"role": "user", "content": "and?"}]
    with pytest.raises(anthropic.BadRequestError, match="tool_result"):
        await streamed(client, messages=history)
    history[-1] = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "ok"}]}
    assert (await streamed(client, messages=history)).content[0].text == "never"


async def test_models_and_counting(sim: Sim, client: anthropic.AsyncAnthropic) -> None:
    assert "claude-sonnet-5-5" in [model.id async for model in client.models.list()]
    assert (await client.messages.count_tokens(model=ASK["model"], messages=ASK["messages"])).input_tokens > 0


@pytest.mark.parametrize(
    ("fault", "error"),
    [(429, anthropic.RateLimitError), (529, anthropic.APIStatusError), (500, anthropic.InternalServerError),
     ("drop_before_headers", anthropic.APIConnectionError), ("error_event", anthropic.APIStatusError)],
)  # fmt: skip
async def test_faults_the_sdk_names(sim: Sim, client: anthropic.AsyncAnthropic, fault: Any, error: Any) -> None:
    script(sim, {"fault": fault})
    with pytest.raises(error):
        await streamed(client)


async def test_retry_after_is_honoured(sim: Sim, client: anthropic.AsyncAnthropic) -> None:
    script(sim, {"fault": "429", "retry_after": 0.01}, {"text": "now"})
    assert (await streamed(client.with_options(max_retries=1))).content[0].text == "now"


@pytest.mark.parametrize(
    ("fault", "error"), [("stall", "ReadTimeout"), ("reset_mid_stream", "RemoteProtocolError"),
                         ("malformed_tool_json", "ValueError"), ("malformed_json", "JSONDecodeError")]
)  # fmt: skip
async def test_faults_that_come_raw(sim: Sim, client: anthropic.AsyncAnthropic, fault: str, error: str) -> None:
    script(sim, {"fault": fault, "seconds": 2, "text": "a few words too many"})
    with pytest.raises(Exception) as caught:  # noqa: PT011  # the SDK does not wrap them: the name is the point
        await streamed(client.with_options(timeout=0.3))
    assert error in [kind.__name__ for kind in type(caught.value).__mro__]


async def test_trickle_never_times_out(sim: Sim, client: anthropic.AsyncAnthropic) -> None:
    script(sim, {"fault": "trickle", "seconds": 0.05, "text": "slow but sure"})
    message = await streamed(client.with_options(timeout=0.2))
    assert message.content[0].text == "slow but sure"


@pytest.mark.parametrize(
    ("fault", "stop", "check"),
    [("clean_end_mid_stream", None, lambda content: content),
     ("truncated_tool_json", "tool_use", lambda content: content[0].input == {}),
     ("array_input", "tool_use", lambda content: isinstance(content[0].input, list)),
     ("duplicate_ids", "tool_use", lambda content: content[0].id == content[1].id),
     ("max_tokens_in_tool", "max_tokens", lambda content: content[0].type == "tool_use"),
     ("refusal", "refusal", lambda content: content == []),
     ("pause_turn", "pause_turn", lambda content: content[0].type == "text")],
)  # fmt: skip
async def test_faults_without_an_error(
    sim: Sim, client: anthropic.AsyncAnthropic, fault: str, stop: str | None, check: Any
) -> None:
    script(sim, {"fault": fault})
    message = await streamed(client)
    assert message.stop_reason == stop
    assert check(message.content)


async def test_a_body_of_the_wrong_shape(sim: Sim, client: anthropic.AsyncAnthropic) -> None:
    script(sim, {"fault": "wrong_shape"}, {"fault": "malformed_json"})
    assert (await client.messages.create(**ASK)).content is None
    with pytest.raises(json.JSONDecodeError):
        await client.messages.create(**ASK)


async def test_a_wrong_script_is_refused(sim: Sim, anyio_backend: str) -> None:
    answer = sim.call("POST", "/script", {"replies": [{"fault": "sulks"}]}, base=sim.ready["model"])
    assert "no fault 'sulks'" in answer["error"]
