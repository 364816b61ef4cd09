"""How a word that no dictionary has may be said: letters to the sounds (ARPAbet) of pocketsphinx's English model. Pure.

For the names that people give to rooms and things ("Sonos", "Dobby"): longest spelling first, left to right. A guess by
rule, after the letter-to-sound rules of Elovitz et al. (NRL Report 7948, 1976) in a much shortened form; a word whose
spelling says little about its sound is heard badly, and docs/voice.md says so.
"""

from __future__ import annotations

SOUNDS = {
    "tion": "SH AH N", "sion": "ZH AH N", "ture": "CH ER", "ough": "AO", "augh": "AO", "eigh": "EY", "igh": "AY",
    "sch": "SH", "tch": "CH", "dge": "JH", "air": "EH R", "ear": "IH R", "eer": "IH R", "our": "AW R", "oor": "AO R",
    "ch": "CH", "sh": "SH", "th": "TH", "ph": "F", "gh": "G", "wh": "W", "ck": "K", "ng": "NG", "qu": "K W", "kn": "N",
    "wr": "R", "ee": "IY", "ea": "IY", "oo": "UW", "ou": "AW", "ow": "OW", "oi": "OY", "oy": "OY", "ai": "EY",
    "ay": "EY", "au": "AO", "aw": "AO", "ie": "IY", "ei": "EY", "ey": "IY", "oa": "OW", "ue": "UW", "eu": "UW",
    "ar": "AA R", "er": "ER", "ir": "ER", "or": "AO R", "ur": "ER", "bb": "B", "cc": "K", "dd": "D", "ff": "F",
    "gg": "G", "ll": "L", "mm": "M", "nn": "N", "pp": "P", "rr": "R", "ss": "S", "tt": "T", "zz": "Z", "ce": "S AH",
    "ci": "S IH", "cy": "S IY", "ge": "JH AH", "gi": "JH IH",
    "a": "AE", "b": "B", "c": "K", "d": "D", "e": "EH", "f": "F", "g": "G", "h": "HH", "i": "IH", "j": "JH", "k": "K",
    "l": "L", "m": "M", "n": "N", "o": "AA", "p": "P", "q": "K", "r": "R", "s": "S", "t": "T", "u": "AH", "v": "V",
    "w": "W", "x": "K S", "y": "Y", "z": "Z",
}
ENDS = {"a": "AH", "e": "", "i": "IY", "o": "OW", "u": "UW", "y": "IY", "es": "Z", "ce": "S", "ge": "JH", "le": "AH L",
        "re": "ER", "os": "OW S"}
LONG = {"a": "EY", "e": "IY", "i": "AY", "o": "OW", "u": "UW"}  # before one consonant and a silent e
ALSO = {"garage": ("G AE R IH JH",), "tomato": ("T AH M AA T OW",), "vase": ("V AA Z",), "bath": ("B AA TH",),
        "cool": ("G UW L", "G UW", "K UW")}  # "lamp cool white": hardly a K after a P, nor an L before a W
VOWELS, LONGEST = "aeiouy", 4


def sounds(word: str) -> str:
    """The sounds of a word of small letters, "" for one without any."""
    word = word.replace("'", "")
    found: list[str] = []
    at = 0
    while at < len(word):
        size, sound = _next(word, at)
        found += sound.split()
        at += size
    return " ".join(found)


def _next(word: str, at: int) -> tuple[int, str]:
    """How many letters come next as one, and their sounds."""
    rest = word[at:]
    if at and rest in ENDS:
        return len(rest), ENDS[rest]
    if len(rest) == 3 and rest[0] in LONG and rest[1] not in VOWELS and rest[2] == "e":
        return 1, LONG[rest[0]]
    if rest[0] == "y" and at:
        return 1, "IH"
    for size in range(min(LONGEST, len(rest)), 0, -1):
        if (sound := SOUNDS.get(rest[:size])) is not None:
            return size, sound
    return 1, ""


def variants(word: str, said: str) -> list[str]:
    """Other ways to say a word, in Britain above all: without the R that no vowel follows. said: its sounds."""
    made = list(ALSO.get(word, ()))
    kept: list[str] = []
    parts = said.split()
    for at, part in enumerate(parts):
        last = at + 1 == len(parts) or parts[at + 1][0] not in "AEIOU"
        if part == "ER" and last:
            kept.append("AH")
        elif not (part == "R" and last and kept and kept[-1] in ("AO", "AA", "EH", "IH", "AW")):
            kept.append(part)
    if kept != parts:
        made.append(" ".join(kept))
    return made
