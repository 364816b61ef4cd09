"""The command line's way to the running daemon of a workspace: what run.json says, over the dashboard's API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dobby.errors import DobbyError


def running(workspace: Path) -> dict[str, Any] | None:
    """What the daemon of this workspace left in run.json, None when none is running."""
    try:
        found: dict[str, Any] = json.loads((workspace / "run.json").read_text("utf-8"))
        return found if {"dashboard", "token"} <= found.keys() else None
    except (OSError, ValueError):
        return None


async def call(workspace: Path, method: str, path: str, body: object = None) -> Any:
    """One call of the API; DobbyError when no daemon runs here or it says no."""
    import aiohttp

    found = running(workspace)
    if found is None:
        raise DobbyError(f"No Dobby is running in {workspace}.", "Start one with `dobby run`.")
    headers = {"Authorization": f"Bearer {found['token']}"}
    try:
        async with aiohttp.ClientSession(found["dashboard"], headers=headers) as session, \
                session.request(method, path, json=body, timeout=aiohttp.ClientTimeout(total=90)) as response:
            answer = await response.json()
    except (aiohttp.ClientError, TimeoutError, ValueError):
        raise DobbyError(f"The Dobby of {workspace} does not answer.",
                         "It may have died; start it again with `dobby run`.") from None
    if response.status >= 400:
        raise DobbyError(answer["error"]["text"])
    return answer
