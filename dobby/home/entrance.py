"""What lets somebody into the house: told by what a thing is called, whatever its hub or its recipe takes it for."""

from __future__ import annotations

import re

from dobby.home.device import Command, Device

# what lets somebody in, and what only hangs before it, in the five languages
GARAGE = re.compile(r"garage|garaje|cochera")
ENTRANCE = re.compile(r"garage|garaje|cochera|carport|\bdoors?\b|\bgates?\b|entrance|driveway|barrier|tür|\btor\b|"
                      r"(?<![aiouck])tor$|einfahrt|puerta|portón|verja|\bporte|portail|barrière|deur|poort|slagboom")
SCREEN = re.compile(r"blind|shade|curtain|window|shutter|awning|screen|light|lamp|camera|bell|rollo|rollladen|jalousie|"
                    r"vorhang|markise|licht|lampe|klingel|persiana|cortina|estor|luz|timbre|volet|rideau|\bstores?\b|"
                    r"lumière|sonnette|rolluik|gordijn|bel\b|verlichting")
LOCK = re.compile(r"\b(dead)?(lock|bolt|latch)s?\b|strike|opener|schloss|türöffner|cerradura|cerrojo|serrure|verrou|"
                  r"\bslot\b|deuropener")


def lets_in(command: Command, device: Device) -> bool:
    """Whether a command to it may open the house: a relay or motor called a door or a gate; of a learned device, whose
    kind and traits are named by whoever wrote its recipe, anything that is called a lock or an entrance."""
    learned = device.make == "learned"
    if device.kind not in ("plug", "shade") and not learned:
        return False
    if command.value is False or (command.value == 0 and command.trait != "locked"):
        return False
    called = " ".join((device.name, *device.aliases)).casefold()
    if learned and LOCK.search(called):
        return True
    if command.trait not in ("on", "position", "tilt") and not learned:
        return False
    return ENTRANCE.search(called) is not None and (SCREEN.search(called) is None or GARAGE.search(called) is not None)
