"""What the model may do. A tool is one async function in a file here that ends in `TOOLS = (tool(...), ...)`."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from dobby.tools.schema import Tool, by_name


@cache
def all_tools() -> dict[str, Tool]:
    """Every tool of every file in this folder, by name."""
    found: list[Tool] = []
    for module in pkgutil.iter_modules(__path__):
        found += getattr(importlib.import_module(f"{__name__}.{module.name}"), "TOOLS", ())
    return by_name(found)
