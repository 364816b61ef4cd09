"""Doors of the house: every file in this folder that ends in CHANNEL is one."""

from __future__ import annotations

import importlib
import pkgutil

from dobby.channels.channel import Channel


def load_channels() -> list[Channel]:
    """All kinds of door, by name."""
    modules = [importlib.import_module(f"{__name__}.{one.name}") for one in pkgutil.iter_modules(__path__)]
    found = [channel for module in modules if isinstance(channel := getattr(module, "CHANNEL", None), Channel)]
    return sorted(found, key=lambda channel: channel.name)
