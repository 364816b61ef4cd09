"""`dobby doctor`: what is well and what is not, each with the next step."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from dobby import config as configuration
from dobby.client import call, running
from dobby.discovery.networks import reach
from dobby.drivers import load_drivers
from dobby.errors import DobbyError
from dobby.memory.notes import Notes
from dobby.settings import Config, Secrets
from dobby.skills import load_skills
from dobby.soul import read as read_soul


async def report(workspace: Path, *, as_json: bool) -> int:
    """Print what was found; 0 when all is well, else 1."""
    found = await examine(workspace)
    if as_json:
        print(json.dumps(found))
    else:
        for line in lines(found):
            print(line)
    return 0 if found["well"] else 1


async def examine(workspace: Path) -> dict[str, Any]:
    """Settings and files read afresh, and the running daemon's own word when there is one. ConfigError rises."""
    config = configuration.load(workspace / "config.toml")
    secrets = configuration.secrets(workspace)
    problems = [*reach(config.network).problems, *load_drivers([workspace / "drivers"])[1],
                *read_soul(workspace / "SOUL.md")[1], *load_skills(workspace / "skills")[1],
                *await asyncio.to_thread(_memory, workspace / "memory")]
    notes = _notes(config, secrets)
    found: dict[str, Any] = {"workspace": str(workspace), "running": False, "problems": problems, "notes": notes}
    if running(workspace) is not None:
        try:
            found |= {"running": True, "daemon": await call(workspace, "GET", "/api/health")}
        except DobbyError as error:
            problems.append(str(error))
    problems += [one for one in _daemon_problems(found.get("daemon", {})) if one not in problems]
    return found | {"well": not problems}


def _memory(folder: Path) -> list[str]:
    notes = Notes(folder)
    notes.load()
    return notes.problems


def _notes(config: Config, secrets: Secrets) -> list[str]:
    """What is not wrong, but could be more."""
    notes = []
    if not config.network.simulated and not config.network.interfaces:
        notes.append("network.interfaces is empty, so nothing is searched. Name your home's interface.")
    if not config.network.callbacks:
        notes.append("network.callbacks is empty: Sonos is asked every few seconds instead of reporting by itself.")
    if not secrets.anthropic_api_key and not config.brain.base_url:
        notes.append("No model: plain orders, phrases and questions work; set ANTHROPIC_API_KEY for the rest.")
    if not config.twilio.account_sid:
        notes.append("No WhatsApp or SMS: see [twilio] in config.example.toml.")
    notes += _camera_notes(config)
    if config.voice.satellites and not config.voice.ears and config.home.language != "en":
        notes.append("The built-in ears know English only: name a Wyoming speech-to-text server as voice.ears.")
    if not any(person.pin_hash or not person.pin_needed for person in config.people if person.role != "guest"):
        notes.append("Nobody has a PIN, so doors stay locked for words. `dobby init --pin` makes one.")
    return notes


def _camera_notes(config: Config) -> list[str]:
    """Who gets to see pictures, plainly."""
    vision = config.vision
    if not config.cameras and not vision.ends:
        return []
    if not vision.ends:
        return ["Cameras: nobody looks at the pictures, so texts say only what the detector knows. See [vision]."]
    shown = {"local": f"a model on this machine ({vision.model})", "server": f"the server {vision.server_url}",
             "claude": "Anthropic (Claude)"}
    return [f"Camera pictures are shown to: {', then '.join(shown[end] for end in vision.ends)}, and to the people in "
            "config.toml; to nobody else."]


def _daemon_problems(health: dict[str, Any]) -> list[str]:
    problems = [f"{part['name']}: {part['state']}" for part in health.get("parts", ()) if part["state"] != "up"]
    problems += health.get("problems", ())
    problems += [f"{link['name'] or link['key']}: {link['state']}" for link in health.get("links", ())
                 if link["state"] != "up"]
    problems += [f"{name} does not answer." for name in health.get("unreachable", ())]
    problems += [f"Camera {one['name']}: {one['trouble'] or one['state']}" for one in health.get("cameras", ())
                 if one["state"] not in ("up", "starting") or one["trouble"]]
    problems += [f"Vision, {one['end']}: {one['trouble']}" for one in health.get("vision", ()) if one["trouble"]]
    voice = health.get("voice") or {}
    problems += [f"Voice: {one}" for one in voice.get("trouble", ())]
    problems += [f"Satellite {one['name']}: {one['trouble']}" for one in voice.get("satellites", ()) if one["trouble"]]
    problems += [f"A message to {one['to']} could not be sent: {one['error']}"
                 for one in health.get("letters_not_sent", ())]
    return problems


def lines(found: dict[str, Any]) -> list[str]:
    """The report for a person."""
    health = found.get("daemon")
    head = f"Running, {health['devices']} devices, model: {health['model'] or 'none'}." if health else "Not running."
    wrong = [f"  ! {problem}" for problem in found["problems"]]
    notes = [f"  - {note}" for note in found["notes"]]
    return [f"{found['workspace']}: {head}", *(["Not well:", *wrong] if wrong else ["All is well."]),
            *(["Could be more:", *notes] if notes else [])]
