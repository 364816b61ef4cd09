"""Keep the daemon's resident memory small on glibc: few allocator arenas, and what warm-up freed goes back."""

from __future__ import annotations

import ctypes
import gc
import sys

M_ARENA_MAX = -8  # <malloc.h>


def few_arenas() -> None:
    """Before threads start: two arenas are plenty for a process that waits most of the time. No-op without glibc."""
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(M_ARENA_MAX, 2)


def give_back() -> None:
    """After warm-up: collect, keep what lives out of later collections, and return free pages to the system."""
    gc.collect()
    gc.freeze()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
