"""Every command the README shows works, and what it names exists."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from dobby.cli import run

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines() if line]


def test_the_readme_shows_the_two_commands_first() -> None:
    assert COMMANDS[:2] == ["sh scripts/demo", "sh scripts/test"]


@pytest.mark.parametrize("command", [one for one in COMMANDS if "bin/dobby" in one])
def test_dobby_commands_parse(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = shlex.split(command.partition(" &")[0])
    with pytest.raises(SystemExit) as ended:
        run([*words[1:], "--help"])
    assert ended.value.code == 0
    assert "usage: dobby" in capsys.readouterr().out


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_links_lead_somewhere(link: str) -> None:
    assert (ROOT / link).exists()


def test_the_tree_in_the_readme_is_the_tree() -> None:
    tree = README[README.index("```\ndobby/"):]
    for word in re.findall(r"[a-z_]+\.py|[a-z]+/", tree[: tree.index("```", 5)]):
        assert list(ROOT.glob(f"**/{word}")), word


@pytest.fixture(scope="module")
def demo() -> subprocess.CompletedProcess[str]:
    """What a newcomer sees who types into the demo."""
    typed = "Dobby, it's sleepy time\nunlock the front door\nbye\n"
    return subprocess.run([sys.executable, "-m", "dobby", "demo"], input=typed, text=True, capture_output=True,
                          timeout=60, check=False)


def test_the_demo_answers_and_ends(demo: subprocess.CompletedProcess[str]) -> None:
    assert demo.returncode == 0, demo.stderr
    assert "Dashboard:  http://127." in demo.stdout
    assert "15 lights off" in demo.stdout
    assert "Shall I unlock Front Door" in demo.stdout
    assert demo.stderr == ""


def test_the_scripts_are_plain_sh() -> None:
    for script in (one for one in (ROOT / "scripts").iterdir() if one.is_file() and one.suffix != ".py"):
        assert subprocess.run(["sh", "-n", str(script)], check=False).returncode == 0, script
