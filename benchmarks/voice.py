"""The built-in ears: orders of two homes and sentences that are none, spoken by espeak-ng in plain voices and in
characters that nothing was tuned on, clean and with noise mixed in by sox. Prints JSON lines: of a hundred orders how
many are right, refused or wrong, of a hundred other sentences how many would do anything, and the seconds a sentence
takes. At the thresholds of dobby/voice/sureness.py and dobby/voice/second.py, fixed before this was measured. `--orders
10` measures fewer, `--clean` without noise, `--home` only that one, `--voices` only those (plain or characters),
`--show` says which went wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from dobby.voice.child import Child
from dobby.voice.ears import Sphinx
from dobby.voice.sound import Sound, loudness
from tests.voice.ends import spoken
from tests.voice.measured import OTHERS, VOICES, Measured, measured

NOISES = (None, 20, 10, 5)  # dB of speech over noise; None: clean


def noisy(pcm: bytes, ratio: int | None) -> bytes:
    """Speech with pink noise mixed in by sox, so many dB below it."""
    if ratio is None:
        return pcm
    frames = [pcm[at: at + 640] for at in range(0, len(pcm), 640)]
    levels = sorted(loudness(one) for one in frames)
    speech = levels[int(len(levels) * 0.8)]
    seconds = len(pcm) / 32000
    raw = ["-t", "raw", "-r", "16000", "-c", "1", "-b", "16", "-e", "signed"]
    noise = subprocess.run(["sox", "-R", "-n", *raw, "-", "synth", str(seconds), "pinknoise", "gain", "-20"],
                           capture_output=True, check=True).stdout
    volume = speech * 10 ** (-ratio / 20) / max(1.0, loudness(noise))
    with tempfile.TemporaryDirectory() as folder:
        a, b = Path(folder) / "speech", Path(folder) / "noise"
        a.write_bytes(pcm)
        b.write_bytes(noise)
        mixed = subprocess.run(["sox", "-m", "-v", "1", *raw, str(a), "-v", f"{volume:.6f}", *raw, str(b), *raw, "-"],
                               capture_output=True, check=True)
        return mixed.stdout[: len(pcm)]


async def listen(ears: Sphinx, one: Measured, text: str, voice: tuple[str, int],
                 noise: int | None) -> tuple[str, float]:
    """What was heard of a text ("" when refused), and the seconds it took."""
    pcm = await asyncio.to_thread(lambda: noisy(spoken(text, *voice), noise))
    began = time.perf_counter()
    heard = await ears.hear(Sound(pcm), lambda: one.sayable)
    return heard.text if heard else "", time.perf_counter() - began


async def measure(ears: Sphinx, one: Measured, name: str, count: int, noise: int | None,
                  show: bool) -> dict[str, object]:
    """One home in one set of voices at one level of noise."""
    voices = VOICES[name]
    came: Counter[str] = Counter()
    took: list[float] = []
    for at, text in enumerate(one.orders(count)):
        heard, seconds = await listen(ears, one, text, voices[at % len(voices)], noise)
        took.append(seconds)
        kind = "refused" if not heard else "right" if one.meaning(heard) == one.meaning(text) else "wrong"
        came[kind] += 1
        if show and kind != "right":
            print(kind, voices[at % len(voices)][0], "|", text, "|", heard, file=sys.stderr)
    taken = acted = 0
    for at, text in enumerate(OTHERS[:count]):
        heard, _ = await listen(ears, one, text, voices[(at + 3) % len(voices)], noise)
        taken += bool(heard)
        acted += bool(heard) and one.acts(heard)
        if show and heard:
            print("taken", voices[(at + 3) % len(voices)][0], "|", text, "|", heard, file=sys.stderr)
    return {"benchmark": "voice", "home": one.name, "voices": name, "noise_db": noise, "orders": sum(came.values()),
            "right": came["right"], "refused": came["refused"], "wrong": came["wrong"],
            "others": len(OTHERS[:count]), "others_heard": taken, "others_acted": acted,
            "median_s": round(statistics.median(took), 2), "slowest_s": round(max(took), 2)}


async def run(count: int, noises: Sequence[int | None], homes: Sequence[str], voices: Sequence[str],
              show: bool) -> None:
    """Every home in every set of voices at every level of noise."""
    child = Child()
    ears = Sphinx(child)
    await ears.warm()
    for noise in noises:
        for one in measured():
            if homes and one.name not in homes:
                continue
            for name in VOICES:
                if not voices or name in voices:
                    print(json.dumps(await measure(ears, one, name, count, noise, show)), flush=True)
    await child.close()


def main() -> None:
    """Measure as the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=100)
    parser.add_argument("--clean", action="store_true")
    parser.add_argument("--home", action="append", default=[])
    parser.add_argument("--voices", action="append", default=[], choices=VOICES)
    parser.add_argument("--show", action="store_true")
    given = parser.parse_args()
    asyncio.run(run(given.orders, NOISES[:1] if given.clean else NOISES, given.home, given.voices, given.show))


if __name__ == "__main__":
    main()
