"""H.264 in RTP over an interleaved RTSP connection: encode only, pure.

RFC 3550 (RTP header 5.1, sender report 6.4.1), RFC 6184 (single NAL unit packet 5.6, FU-A 5.8), RFC 2326 10.12 (framing
by a dollar sign).
"""

import base64
import random
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

CLOCK = 90_000
PAYLOAD_TYPE = 96
LARGEST = 1400  # bytes of payload in a packet
SEI, SPS, PPS, DELIMITER = 6, 7, 8, 9
FU_A = 28
NTP_EPOCH = 2_208_988_800  # seconds from 1900 to 1970


@dataclass(frozen=True, slots=True)
class Unit:
    """An access unit: the NAL units of one picture, parameter sets before those of a key picture."""

    nals: tuple[bytes, ...]
    key: bool


def split(stream: bytes) -> Iterator[bytes]:
    """The NAL units of an Annex B byte stream (H.264 annex B), without start codes, SEI and delimiters."""
    for piece in stream.split(b"\x00\x00\x01"):
        # a NAL unit never ends in a zero byte: those belong to the next start code
        nal = piece.rstrip(b"\x00")
        if nal and nal[0] & 0x1F not in (SEI, DELIMITER):
            yield nal


def parameter_sets(nals: Iterable[bytes]) -> tuple[bytes, bytes]:
    """The sequence and the picture parameter set among NAL units."""
    by_kind = {nal[0] & 0x1F: nal for nal in nals}
    return by_kind[SPS], by_kind[PPS]


def payloads(unit: Unit) -> Iterator[bytes]:
    """RTP payloads of an access unit: NAL units whole when they fit, in FU-A fragments when not."""
    for nal in unit.nals:
        if len(nal) <= LARGEST:
            yield nal
            continue
        indicator, kind, body = (nal[0] & 0xE0) | FU_A, nal[0] & 0x1F, nal[1:]
        for start in range(0, len(body), LARGEST - 2):
            part = body[start : start + LARGEST - 2]
            ends = start + len(part) == len(body)
            yield bytes((indicator, (0x80 if start == 0 else 0) | (0x40 if ends else 0) | kind)) + part


@dataclass(slots=True)
class Sender:
    """One RTP stream to one receiver: numbers and counts."""

    ssrc: int = field(default_factory=lambda: random.getrandbits(32))
    sequence: int = field(default_factory=lambda: random.getrandbits(15))
    offset: int = field(default_factory=lambda: random.getrandbits(31))
    packets: int = 0
    octets: int = 0

    def stamp(self, at: float) -> int:
        """The RTP timestamp of a moment of Unix time."""
        return (int(at * CLOCK) + self.offset) & 0xFFFFFFFF

    def pack(self, unit: Unit, at: float) -> list[bytes]:
        """The RTP packets of a picture taken `at`; the last one carries the marker."""
        parts = list(payloads(unit))
        packets = []
        for number, part in enumerate(parts, 1):
            marker = 0x80 if number == len(parts) else 0
            head = struct.pack("!BBHII", 0x80, marker | PAYLOAD_TYPE, self.sequence, self.stamp(at), self.ssrc)
            packets.append(head + part)
            self.sequence = (self.sequence + 1) & 0xFFFF
            self.packets, self.octets = self.packets + 1, self.octets + len(part)
        return packets

    def report(self, now: float) -> bytes:
        """An RTCP sender report, which ties RTP time to the clock on the wall, and the name (SDES CNAME)."""
        seconds, rest = divmod(now + NTP_EPOCH, 1)
        report = struct.pack(
            "!BBHIIIIII", 0x80, 200, 6, self.ssrc, int(seconds) & 0xFFFFFFFF, int(rest * (1 << 32)), self.stamp(now),
            self.packets & 0xFFFFFFFF, self.octets & 0xFFFFFFFF,
        )  # fmt: skip
        name = b"\x01\x06camera\x00\x00\x00\x00"  # an item, its end, and padding to whole words
        return report + struct.pack("!BBHI", 0x81, 202, 1 + len(name) // 4, self.ssrc) + name


def interleaved(channel: int, packet: bytes) -> bytes:
    """A packet as it goes through the RTSP connection."""
    return struct.pack("!cBH", b"$", channel, len(packet)) + packet


def description(name: str, host: str, sps: bytes, pps: bytes, rate: int) -> str:
    """The SDP (RFC 4566; RFC 6184 8.2.1 for fmtp) of one video track."""
    sprop = ",".join(base64.b64encode(nal).decode() for nal in (sps, pps))
    lines = (
        "v=0", f"o=- 1 1 IN IP4 {host}", f"s={name}", "c=IN IP4 0.0.0.0", "t=0 0", "a=control:*", "a=range:npt=now-",
        f"m=video 0 RTP/AVP {PAYLOAD_TYPE}", f"a=rtpmap:{PAYLOAD_TYPE} H264/{CLOCK}",
        f"a=fmtp:{PAYLOAD_TYPE} packetization-mode=1;profile-level-id={sps[1:4].hex().upper()};"
        f"sprop-parameter-sets={sprop}",
        f"a=framerate:{rate}", "a=control:trackID=0",
    )  # fmt: skip
    return "\r\n".join(lines) + "\r\n"
