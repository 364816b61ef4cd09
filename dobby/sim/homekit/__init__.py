"""HomeKit accessories by HAP-python: the front-door lock, and a bridge with heating, shades, garage and alarm."""

from .bridge import open_home_bridge
from .lock import open_lock

__all__ = ["open_home_bridge", "open_lock"]
