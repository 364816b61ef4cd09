"""Makes of device: every file in this folder (and in a workspace's drivers/ folder) that ends in DRIVER is one.

A driver file imports its library inside `connect` or `pair`, so a make that is not in the home costs nothing.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from dobby.home.device import Driver

log = logging.getLogger(__name__)


def load_drivers(more: Sequence[Path] = ()) -> tuple[list[Driver], list[str]]:
    """All drivers by make, the built-in ones first, and in words what could not be loaded. A file cannot replace a
    make that is there already."""
    drivers: dict[str, Driver] = {}
    problems: list[str] = []
    for path in (*sorted(Path(__file__).parent.glob("*.py")), *(p for f in more for p in sorted(f.glob("*.py")))):
        if path.name.startswith("_"):
            continue
        try:
            driver = _load(path)
        except (Exception, SystemExit) as error:  # one broken driver file must not keep the house from starting
            log.exception("driver file %s", path)
            problems.append(f"{path}: {type(error).__name__}: {error}")
            continue
        if driver is None:
            problems.append(f"{path}: no DRIVER = Driver(...) at the end of the file.")
        elif driver.make in drivers:
            problems.append(f"{path}: there is a driver for {driver.make} already.")
        else:
            drivers[driver.make] = driver
    return list(drivers.values()), problems


def _load(path: Path) -> Driver | None:
    inside = path.parent == Path(__file__).parent
    name = f"{__name__}.{path.stem}" if inside else f"dobby_driver_{path.stem}"
    if inside:
        module = importlib.import_module(name)
    else:
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            return None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    driver = getattr(module, "DRIVER", None)
    return driver if isinstance(driver, Driver) else None
