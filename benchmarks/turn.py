"""Claim: Dobby adds little to a bare SDK loop. Per model tool turn: processor time against the same two requests with
the SDK alone, in the same run; and from the webhook to the answer on the reflex path, without any model.

The bare loop asks the same stand-in server the same way (stream, one tool call, one result) in a process of its own.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import time

from _house import call, cpu, demo, show

TURNS = 40
TOOL = {"tools": [{"name": "home_state", "input": {"room": "Study"}}]}
BARE = """
import asyncio, json, resource, sys, anthropic
TOOLS = json.loads(sys.argv[2])
async def main():
    client = anthropic.AsyncAnthropic(api_key="x", base_url=sys.argv[1], max_retries=0)
    async def once(messages):
        async with client.messages.stream(model="claude-sonnet-5-5", max_tokens=2048, messages=messages, tools=TOOLS,
                                          system=sys.argv[3]) as stream:
            return await stream.get_final_message()
    async def turn():
        messages = [{"role": "user", "content": "where would a dragon sleep"}]
        reply = await once(messages)
        uses = [block for block in reply.content if block.type == "tool_use"]
        messages += [{"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in reply.content]},
                     {"role": "user", "content": [{"type": "tool_result", "tool_use_id": use.id, "content": "[]"}
                                                  for use in uses]}]
        await once(messages)
    await turn()
    before = resource.getrusage(resource.RUSAGE_SELF)
    for _ in range(int(sys.argv[4])):
        await turn()
    after = resource.getrusage(resource.RUSAGE_SELF)
    print(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
asyncio.run(main())
"""


def main() -> None:
    """Print one line for model turns, one for the reflex path."""
    with demo("--model") as house:
        model_turns(house)
        reflex(house)


def model_turns(house: dict[str, str]) -> None:
    """CPU of a tool turn, Dobby against the bare loop."""
    asyncio.run(script(house, TURNS + 1))
    say(house, "where would a dragon sleep")
    before, began = cpu(int(house["pid"])), time.monotonic()
    for _ in range(TURNS):
        say(house, "where would a dragon sleep")
    ours, wall = (cpu(int(house["pid"])) - before) / TURNS, (time.monotonic() - began) / TURNS
    asked = call(house["model"] + "/script")["requests"][0]
    asyncio.run(script(house, TURNS + 1))
    bare = float(subprocess.check_output([sys.executable, "-c", BARE, house["model"], json.dumps(asked["tools"]),
                                          asked["system"][0]["text"], str(TURNS)], text=True)) / TURNS
    show(benchmark="turn", case="model, one tool", cpu_ms=round(ours * 1000, 1), wall_ms=round(wall * 1000, 1),
         bare_sdk_loop_cpu_ms=round(bare * 1000, 1), cpu_ratio=round(ours / bare, 2))


async def script(house: dict[str, str], turns: int) -> None:
    """Two replies a turn: a tool call, then words."""
    await asyncio.to_thread(call, house["model"] + "/script", None, "", "DELETE")
    replies = [TOOL, {"text": "In the study."}] * turns
    await asyncio.to_thread(call, house["model"] + "/script", {"replies": replies})


def say(house: dict[str, str], text: str) -> dict[str, object]:
    """One message and its answer."""
    answer: dict[str, object] = call(house["dashboard"] + "/api/say", {"text": text}, house["token"])
    return answer


def reflex(house: dict[str, str]) -> None:
    """One lamp, from the text to the device's own confirmation, and from the webhook to the text that goes back."""
    spoken = []
    for number in range(TURNS):
        began = time.monotonic()
        answer = say(house, f"turn the bed strip {'on' if number % 2 else 'off'}")
        spoken.append((time.monotonic() - began) * 1000)
        assert answer["mind"] == "reflex", answer
    show(benchmark="turn", case="reflex, one lamp confirmed", median_ms=round(statistics.median(spoken), 1),
         p95_ms=round(sorted(spoken)[int(TURNS * 0.95)], 1))


if __name__ == "__main__":
    main()
