"""Prints what the integrations that our tests need want installed, as the manifests of an installed Home Assistant say.

Run by that Home Assistant's own Python; it would install them itself, one after the other, while it starts.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterable
from pathlib import Path

SEEDS = ("http", "api", "websocket_api", "config", "onboarding", "frontend", "stream", "recorder", "backup", "demo",
         "sonos", "plex", "spotify", "zeroconf")  # the last three are imported by the one before them


def requirements(components: Path, names: Iterable[str]) -> set[str]:
    """Those of these integrations and of all that they depend on."""
    wanted: set[str] = set()
    seen: set[str] = set()
    left = list(names)
    while left:
        manifest = components / (name := left.pop()) / "manifest.json"
        if name in seen or not manifest.exists():
            continue
        seen.add(name)
        facts = json.loads(manifest.read_text("utf-8"))
        wanted.update(facts.get("requirements", []))
        left += facts.get("dependencies", [])
    return wanted


if __name__ == "__main__":
    spec = importlib.util.find_spec("homeassistant")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "components"
    platforms = [path.stem for path in (folder / "demo").glob("*.py")]
    print("\n".join(sorted(requirements(folder, (*SEEDS, *platforms)))))
