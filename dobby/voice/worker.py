"""The ears' process: pocketsphinx over the grammar of one home, and the decoding of sound files, away from the daemon.

Started by dobby/voice/child.py as `python -m dobby.voice.worker`; speaks Wyoming's framing on stdin and stdout:

    hear {jsgf, words, called} + 16 kHz mono PCM  -> heard {text, sure, enough, seconds}    text null: no words
    decode {seconds} + a file of sound    -> sound {seconds} + 16 kHz mono PCM

or, instead of an answer, error {text, mend}. It ends when stdin does. Sound is never written anywhere.

A grammar decoder hears its grammar in everything, so three searches run over the same sound: the home's grammar, a loop
over bare phones, and pocketsphinx's own English language model. How much better the two free ones explain the sound
than the grammar does says how sure the grammar's words are (dobby/voice/sureness.py). Where Moonshine is installed too
(dobby/voice/moonshine.py), it hears the same sound, and both are weighed (dobby/voice/second.py).
"""

from __future__ import annotations

import io
import logging
import math
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dobby.voice import moonshine
from dobby.voice.second import ENOUGH, weighed
from dobby.voice.sound import RATE
from dobby.voice.spelling import sounds, variants
from dobby.voice.sureness import Path, Piece, enough, sure
from dobby.voice.wordnet import Way, walk
from dobby.wire.wyoming import Event, WyomingBroken, encode, read

log = logging.getLogger(__name__)
LEVEL = 3000.0  # loudness that every sentence is brought to
HISS = 35.0  # dB below it: noise that is mixed in, since the model never heard digital silence
KEEP = 0.3  # seconds of quiet kept around a sentence
LONGEST = 15.0  # seconds that the second ear listens to: an order is shorter
FLOOR = 3.0  # times the quietest tenth's level, from which a frame is more than noise
SPEECH = 0.03  # of the loudest frames' level, from which a frame is no quiet
# a grammar's search is small, and narrow beams lose it: 1e-80 hears a tenth otherwise; 1e-120 takes half as long again
WIDE = {"beam": 1e-100, "wbeam": 1e-80, "pbeam": 1e-100, "maxhmmpf": -1}
VARIANT = 10  # pronunciations that the dictionary has itself are numbered below this
INSTALL = "`sh scripts/ears` installs it; or name a Wyoming server in [voice]."


class Unable(Exception):
    """What is asked cannot be done: why, and what would mend it."""

    def __init__(self, text: str, mend: str = "") -> None:
        super().__init__(text)
        self.text, self.mend = text, mend


@dataclass(slots=True)
class Searches:
    """The three searches, and the second ear where there is one; the grammar is read anew when the home's words
    change."""

    phones: Any = None
    english: Any = None
    home: Any = None
    jsgf: str = ""
    second: moonshine.Moonshine | None = None
    way: Way | None = None

    def open(self) -> None:
        """Load the models; Unable when pocketsphinx is not there."""
        if self.phones is not None:
            return
        try:
            import pocketsphinx
        except ImportError:
            raise Unable("The built-in ears need pocketsphinx, which is not installed.", INSTALL) from None
        common = {"loglevel": "FATAL", "compallsen": True}
        self.phones = pocketsphinx.Decoder(
            lm=None, dict=None, allphone=pocketsphinx.get_model_path("en-us/en-us-phone.lm.bin"), allphone_ci=True,
            lw=2.0, beam=1e-20, pbeam=1e-20, **common)
        self.english = pocketsphinx.Decoder(bestpath=False, fwdflat=False, **common)
        if (where := moonshine.folder()) is not None:
            try:
                self.second = moonshine.Moonshine(where)
            except Exception:  # another version of its files or of onnxruntime: one ear is better than none
                log.warning("Moonshine cannot be used here.", exc_info=True)

    def length(self, word: str) -> int:
        """Of how many phones a word of the grammar is."""
        return len((self.home.lookup_word(word) or "").split())

    def listen_for(self, jsgf: str, words: list[str]) -> None:
        """Make the grammar's search; Unable for one that is none."""
        if jsgf == self.jsgf:
            return
        import pocketsphinx

        home = pocketsphinx.Decoder(lm=None, loglevel="FATAL", compallsen=True, bestpath=False, **WIDE)
        for word in sorted(words):
            if (known := home.lookup_word(word)) is None and (known := sounds(word)):
                home.add_word(word, known, True)
            for number, way in enumerate(variants(word, known or ""), 1):
                home.add_word(f"{word}({VARIANT + number})", way, True)
        try:
            home.add_jsgf_string("home", jsgf)
            home.activate_search("home")
        except (RuntimeError, ValueError, KeyError):
            raise Unable("The grammar of this home cannot be heard.") from None
        self.home, self.jsgf, self.way = home, jsgf, walk(jsgf)


def path(decoder: Any, pcm: bytes) -> Path:
    """The best way of a search through a sound."""
    decoder.start_utt()
    decoder.process_raw(pcm, full_utt=True)
    decoder.end_utt()
    best = decoder.hyp()
    if best is None:
        return Path("", ())
    return Path(best.hypstr, tuple(
        Piece(one.word, one.start_frame, one.end_frame, math.log(max(one.ascore, 1e-300)),
              math.log(max(one.lscore, 1e-300)))
        for one in decoder.seg() if one.end_frame >= one.start_frame >= 0 and one.word != "(NULL)"))


def levelled(pcm: bytes) -> bytes:
    """A sentence without the quiet around it, at one loudness, with a little hiss; b"" where nobody speaks."""
    import numpy as np

    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.float32)
    size = RATE // 100
    levels = _levels(samples)
    if len(levels) < 10:
        return b""
    peak = float(np.percentile(levels, 95))
    loud = np.nonzero(levels > peak * SPEECH)[0]
    if peak < 5.0 or not len(loud):
        return b""
    first = max(0, int(loud[0] * size - KEEP * RATE))
    last = min(len(samples), int((loud[-1] + 1) * size + KEEP * RATE))
    kept = samples[first:last] * (LEVEL / peak)
    kept = kept + np.random.default_rng(0).normal(0.0, LEVEL * 10 ** (-HISS / 20), len(kept))
    return bytes(np.clip(kept, -32768, 32767).astype("<i2").tobytes())


def _samples(pcm: bytes) -> Any:
    """PCM as numbers from -1 to 1."""
    import numpy as np

    return np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.float32) / 32768


def _levels(samples: Any) -> Any:
    """How loud every hundredth of a second is."""
    import numpy as np

    size = RATE // 100
    count = len(samples) // size
    return np.sqrt((samples[: count * size].reshape(count, size) ** 2).mean(1)) + 1e-3


def spoken(samples: Any) -> float:
    """For how many seconds somebody speaks, from the first word to the last, noise or not."""
    import numpy as np

    levels = _levels(samples)
    loud = np.nonzero(levels > max(np.percentile(levels, 95) * SPEECH, np.percentile(levels, 10) * FLOOR))[0]
    return (int(loud[-1]) - int(loud[0]) + 1) / 100 if len(loud) else len(levels) / 100


def hear(searches: Searches, data: Mapping[str, Any], pcm: bytes) -> Event:
    """What was said, in the words of the home's grammar, and how sure that is."""
    began = time.monotonic()
    searches.open()
    searches.listen_for(str(data["jsgf"]), [str(word) for word in data["words"]])
    sentence = levelled(pcm)
    home = path(searches.home, sentence) if sentence else Path("", ())
    text, found = home.text, 0.0
    if text:
        found = sure(home, path(searches.phones, sentence), path(searches.english, sentence), searches.length)
    needed = enough(text)
    if sentence and searches.second is not None and searches.way is not None and len(pcm) / 2 / RATE < LONGEST:
        samples = _samples(pcm)
        opinion = searches.second.hear(samples, spoken(samples), searches.way, str(data["called"]), text)
        if opinion is not None:
            (text, found), needed = weighed(text, found, opinion, str(data["called"])), ENOUGH
    return Event("heard", {"text": text or None, "sure": round(found, 4), "enough": needed,
                           "seconds": round(time.monotonic() - began, 3)})


def decode(data: Mapping[str, Any], file: bytes) -> Event:
    """The sound in a file of any usual kind, as 16 kHz mono PCM, at most so many seconds of it."""
    import av

    most = int(float(data["seconds"]) * RATE) * 2
    pcm = bytearray()
    try:
        with av.open(io.BytesIO(file), "r", metadata_errors="ignore") as container:
            resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
            for frame in container.decode(audio=0):
                for made in resampler.resample(frame):
                    pcm += bytes(made.planes[0])[: made.samples * 2]
                if len(pcm) > most:
                    raise Unable("It is too long to listen to.")
            for made in resampler.resample(None):
                pcm += bytes(made.planes[0])[: made.samples * 2]
    except (av.FFmpegError, ValueError, IndexError, MemoryError, OverflowError):
        raise Unable("That is no sound that I can read.") from None
    return Event("sound", {"seconds": len(pcm) / RATE / 2}, bytes(pcm))


def answer(searches: Searches, asked: Event) -> Event:
    """The reply to a message."""
    try:
        match asked.type:
            case "hear":
                return hear(searches, asked.data, asked.payload)
            case "decode":
                return decode(asked.data, asked.payload)
            case "open":
                searches.open()
                return Event("opened")
            case _:
                return Event("error", {"text": "The ears do not know that message."})
    except Unable as error:
        return Event("error", {"text": error.text, "mend": error.mend})
    except Exception as error:  # whatever a library does, who asked gets an answer
        log.exception("ears, %s", asked.type)
        return Event("error", {"text": f"The ears broke over it ({type(error).__name__})."})


def main() -> None:
    """Answer until the daemon is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C at the console is the daemon's to deal with
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    logging.getLogger("libav").setLevel(logging.CRITICAL)  # what a stranger's file says of itself
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get into the line
    searches = Searches()
    try:
        while (asked := read(sys.stdin.buffer)) is not None:
            out.write(encode(answer(searches, asked)))
            out.flush()
    except (OSError, WyomingBroken):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
