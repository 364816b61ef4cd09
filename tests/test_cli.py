"""The command line as a person types it: set-up, errors with the next step, exit states, JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stories.house import House, lived_in

pytestmark = pytest.mark.anyio


def dobby(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """One command, to its end."""
    return subprocess.run([sys.executable, "-m", "dobby", *arguments], input=stdin, text=True, capture_output=True,
                          timeout=60, check=False)


def test_init_makes_a_workspace_without_touching_a_network(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    made = dobby("init", "--yes", "--workspace", str(folder))
    assert made.returncode == 0, made.stderr
    assert "looked at no network" in made.stdout
    for name in ("config.toml", "SOUL.md", "skills/sleepy-time/SKILL.md", "memory/README.md"):
        assert (folder / name).exists(), name
    assert "interfaces = []" in (folder / "config.toml").read_text("utf-8")
    assert (folder / "config.toml").stat().st_mode & 0o777 == 0o600
    again = dobby("init", "--yes", "--workspace", str(folder))
    assert again.returncode == 2
    assert "there already" in again.stderr
    assert dobby("doctor", "--workspace", str(folder)).returncode == 0
    found = json.loads(dobby("doctor", "--json", "--workspace", str(folder)).stdout)
    assert found["running"] is False
    assert any("PIN" in note for note in found["notes"])
    scan = dobby("scan", "--workspace", str(folder))
    assert scan.returncode == 2
    assert "network.interfaces" in scan.stderr


@pytest.mark.parametrize(("arguments", "status", "words"), [
    (("say", "hi"), 1, "dobby run"), (("pair", "hue"), 1, "dobby run"), (("frobnicate",), 2, "invalid choice"),
    ((), 2, "COMMAND"), (("init",), 1, "--yes"),
])
def test_errors_say_the_next_step(tmp_path: Path, arguments: tuple[str, ...], status: int, words: str) -> None:
    more = ("--workspace", str(tmp_path)) if status == 1 else ()
    done = dobby(*arguments, *more)
    assert done.returncode == status
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("name", "content", "words"), [
    ("config.toml", "[home]\nnam = 'x'\n[brian]\n", "Did you mean brain?"), ("config.toml", "[home\n", "line 1"),
    ("dobby.db", "rubbish that is no database at all, but long enough to be looked at as one" * 20, "cannot be opened"),
])
def test_what_a_person_broke_is_named(tmp_path: Path, name: str, content: str, words: str) -> None:
    (tmp_path / name).write_text(content, "utf-8")
    done = dobby("run", "--workspace", str(tmp_path))
    assert done.returncode in (1, 2)
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_broken_soul_and_skill_are_told_and_the_rest_works(tmp_path: Path) -> None:
    (tmp_path / "SOUL.md").write_text("---\ndryness: 9\n---\nhm", "utf-8")
    (tmp_path / "skills" / "bad").mkdir(parents=True)
    (tmp_path / "skills" / "bad" / "SKILL.md").write_text("no head", "utf-8")
    found = dobby("doctor", "--workspace", str(tmp_path))
    assert found.returncode == 1
    assert "dryness must be 0, 1 or 2" in found.stdout
    assert "SKILL.md" in found.stdout


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for the module's house."""
    return "asyncio"


async def test_commands_over_a_running_daemon(tmp_path: Path) -> None:
    import asyncio

    async with lived_in(tmp_path, "--fresh") as house:
        assert isinstance(house, House)
        folder = ("--workspace", str(tmp_path))
        scan = json.loads((await asyncio.to_thread(dobby, "scan", "--json", *folder)).stdout)["found"]
        assert {one["make"] for one in scan} >= {"Sonos", "WLED", "HomeKit"}
        assert all(one["why"] for one in scan)
        await house.sim("POST", "/button", {"device": "hue_bridge"})
        paired = await asyncio.to_thread(dobby, "pair", "hue", *folder)
        assert paired.returncode == 0, paired.stdout + paired.stderr
        paired = await asyncio.to_thread(dobby, "pair", "homekit", "--pin", "031-45-154", *folder)
        assert paired.returncode == 0, paired.stdout + paired.stderr
        said = await asyncio.to_thread(dobby, "say", "turn", "on", "the", "desk", "lamp", "--json", *folder)
        assert json.loads(said.stdout)["outcomes"][0]["result"] == "confirmed"
        second = await asyncio.to_thread(dobby, "run", *folder)
        assert second.returncode == 1
        assert "Another Dobby runs" in second.stderr
        doctor = await asyncio.to_thread(dobby, "doctor", *folder)
        assert "Running, 20 devices" in doctor.stdout, doctor.stdout
