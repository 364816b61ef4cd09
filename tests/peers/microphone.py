"""A microphone for a satellite that is not ours: 16 kHz mono PCM on stdout at the pace of sound, quiet until a file of
that name appears, which is then played and removed. The pace is the point: what listens takes sound that comes faster
for a stream that ended early, so this sleeps by the clock as no test may."""

import sys
import time
from pathlib import Path

FRAME = 1024  # samples


def main() -> None:
    """Play for ever."""
    file, pcm, began, count = Path(sys.argv[1]), b"", time.monotonic(), 0
    while True:
        if not pcm and file.exists():
            pcm = file.read_bytes()
            file.unlink()
        frame, pcm = pcm[: 2 * FRAME], pcm[2 * FRAME:]
        sys.stdout.buffer.write(frame.ljust(2 * FRAME, b"\0"))
        sys.stdout.buffer.flush()
        count += 1
        time.sleep(max(0.0, began + count * FRAME / 16000 - time.monotonic()))


if __name__ == "__main__":
    main()
