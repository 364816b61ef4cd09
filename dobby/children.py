"""What Dobby's child processes get of its environment: no secret of it, only what a program needs to run at all."""

from __future__ import annotations

import os

KEPT = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONWARNINGS")


def bare_environment(*more: str) -> dict[str, str]:
    """The environment of a child: these few variables, and those named."""
    return {key: os.environ[key] for key in (*KEPT, *more) if key in os.environ}
