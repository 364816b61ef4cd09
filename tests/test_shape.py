"""The house rules that a tool can hold: sizes, one gate, no mocks, broad excepts with a reason, no back doors."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted(ROOT.glob("dobby/**/*.py"))
TESTS = sorted(path for folder in ("tests", "benchmarks") for path in ROOT.glob(f"{folder}/**/*.py"))
FILE_LIMIT, FUNCTION_LIMIT = 400, 50
HEAVY = {"anthropic", "av", "cv2", "numpy", "transformers", "torch", "soco", "aiohue", "aiohomekit", "twilio", "hassil"}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= FILE_LIMIT
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < FUNCTION_LIMIT, node.name


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_modules_and_public_names_say_what_they_are(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    if path.name != "__init__.py" or tree.body:
        assert ast.get_docstring(tree)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), node.name


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_heavy_imports_happen_where_they_are_used(path: Path) -> None:
    if "wire" in path.parts or path.parent.name in ("eyes", "camera"):
        return  # the shells around libraries, imported where they connect, and what runs in the eyes' own process
    for node in ast.parse(path.read_text("utf-8")).body:
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else (
            [node.module or ""] if isinstance(node, ast.ImportFrom) else [])
        assert not HEAVY & {module.partition(".")[0] for module in modules}


def test_only_the_gate_commands_the_home() -> None:
    users = {name(path) for path in SOURCES if re.search(r"\bhome\.do\(", path.read_text("utf-8"))}
    assert users == {"dobby/tools/hands.py"}
    minters = {name(path) for path in SOURCES if re.search(r"\bmint\(|gatekeeper\(\)", path.read_text("utf-8"))}
    assert minters == {"dobby/tools/hands.py", "dobby/home/verdict.py", "dobby/daemon.py"}


def test_a_broad_except_has_its_reason_on_the_line() -> None:
    for path in SOURCES:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if re.search(r"except (Base)?Exception\b(?!Group)", line):
                assert re.search(r":  # \w+", line), f"{name(path)}:{number}"


def test_no_mocks_no_patches_no_sleeps() -> None:
    for path in TESTS:
        if path == Path(__file__):
            continue
        text = path.read_text("utf-8")
        assert not re.search(r"unittest\.mock|MagicMock|AsyncMock|\bpatch\(|monkeypatch\.setattr", text), name(path)
        if "benchmarks" not in path.parts:
            assert not re.search(r"(?:time|asyncio)\.sleep\((0\.[2-9]|[1-9])", text), name(path)


def test_nothing_of_this_machine_is_in_the_repository() -> None:
    for path in [*SOURCES, *TESTS, *ROOT.glob("*.lock"), *ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]:
        if path == Path(__file__):
            continue
        text = path.read_text("utf-8")
        assert "/root/" not in text, name(path)
        assert "index-url" not in text, name(path)
        assert "--find-links" not in text, name(path)


def test_the_lock_is_hashed_and_universal() -> None:
    text = (ROOT / "requirements.lock").read_text("utf-8")
    pins = [line for line in text.splitlines() if re.match(r"[a-z0-9]", line, re.IGNORECASE)]
    assert len(pins) > 40
    assert all("==" in pin for pin in pins)
    assert text.count("--hash=sha256:") > len(pins)
    assert "http://" not in text
    assert "https://" not in text
