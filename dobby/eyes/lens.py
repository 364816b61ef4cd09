"""Where pictures come from: RTSP, MJPEG, snapshots, files. Blocking: everything here runs in a camera's own thread.

A source yields Shots, each with the moment it was taken as far as the stream's own timestamps tell, mapped onto this
machine's monotonic clock. No error text and no log line carries an address with a password in it.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from dobby.errors import DobbyError

Pixels = NDArray[np.uint8]
OPEN_LIMIT, READ_LIMIT = 6.0, 8.0  # seconds to open a stream, and to wait for its next packet
SNAPSHOT_EVERY = 1.0  # seconds between stills of a camera that gives no stream
JPEG_LIMIT = 12 * 1024 * 1024
GREY, COLOURED = 2.0, 4.0  # mean distance of both colour planes from grey; between them nothing is concluded
LAG = 6.0  # seconds a stream may fall behind its own clock before it is opened anew
# So many cameras compute at once, the others wait for their turn. A frame is a hundred short calls into OpenCV, NumPy
# and FFmpeg, each of which lets go of Python's lock: without turns, many threads snatch it from one another at every
# call, and on an idle machine half of their time goes into that.
TURNS = threading.BoundedSemaphore(max(1, (os.cpu_count() or 2) // 2))
RTSP = {"rtsp_transport": "tcp", "protocol_whitelist": "rtsp,rtsps,rtp,tcp,tls,udp",
        "flags": "low_delay", "analyzeduration": "200000", "fpsprobesize": "0"}
# not fflags=nobuffer: it throws away the key frame that was probed, and the first picture comes a whole group later
av.logging.set_level(av.logging.PANIC)  # FFmpeg's own lines carry the address with its password


class Lost(DobbyError):
    """The camera cannot be seen just now; the text says why, the hint what to do."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a camera is. url carries no password; user and password go their own way."""

    url: str
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        """The address without what opens it."""
        return f"Address({self.shown!r})"

    @property
    def shown(self) -> str:
        """The address as it may stand in a log."""
        parts = urlsplit(self.url)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))

    @property
    def whole(self) -> str:
        """The address as FFmpeg wants it: name and password percent-encoded in front."""
        parts = urlsplit(self.url)
        host = parts.netloc.rpartition("@")[2]
        if not self.user:
            return self.url
        opens = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        return urlunsplit((parts.scheme, f"{opens}@{host}", parts.path, parts.query, ""))


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: a decoded frame or a JPEG, and when it was taken (seconds, monotonic)."""

    at: float
    frame: Any = None  # av.VideoFrame
    jpeg: bytes = b""

    def luma(self) -> Pixels:
        """Brightness, (H, W) uint8: the decoder's own plane where there is one."""
        if self.frame is None:
            flag = cv2.IMREAD_REDUCED_GRAYSCALE_2 if len(self.jpeg) > 120_000 else cv2.IMREAD_GRAYSCALE
            return _unpacked(self.jpeg, flag)
        if self.frame.format.name.startswith(("yuv", "nv12", "gray")) and self.frame.format.components[0].bits == 8:
            plane = self.frame.planes[0]
            rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
            return rows[: self.frame.height, : self.frame.width]
        gray: Pixels = self.frame.to_ndarray(format="gray")
        return gray

    def grey(self) -> bool | None:
        """Whether the picture has no colours (infrared): the spread of the decoder's colour planes; None = unsure."""
        if self.frame is None or not self.frame.format.name.startswith("yuv") or len(self.frame.planes) < 3:
            return None
        planes = [np.frombuffer(plane, np.uint8)[::7].astype(np.int16) for plane in self.frame.planes[1:3]]
        spread = float(sum(np.abs(plane - 128).mean() for plane in planes))
        return True if spread < GREY else False if spread > COLOURED else None

    def colours(self) -> Pixels:
        """The picture as (H, W, 3) BGR."""
        if self.frame is None:
            return _unpacked(self.jpeg, cv2.IMREAD_COLOR)
        pixels: Pixels = self.frame.to_ndarray(format="bgr24")
        return pixels


def _unpacked(jpeg: bytes, flag: int) -> Pixels:
    pixels = cv2.imdecode(np.frombuffer(jpeg, np.uint8), flag)
    if pixels is None:
        raise Lost("The camera sent a picture that is none.")
    return pixels.astype(np.uint8, copy=False)


class Timeline:
    """Maps a stream's own timestamps onto the monotonic clock: the packet that was under way the shortest sets it."""

    def __init__(self) -> None:
        self._offset: float | None = None
        self._last = float("-inf")

    def at(self, stamp: float | None, came: float) -> float:
        """When something was taken that bears this stamp (seconds) and came in now; Lost when the stream lags."""
        if stamp is None:
            return came
        if self._offset is None or stamp < self._last - 1.0:
            self._offset = came - stamp
        self._last = stamp
        self._offset = min(self._offset, came - stamp)
        if came - stamp - self._offset > LAG:
            raise Lost("The camera's pictures come too late.", "Is the network slow? A smaller stream may help.")
        return stamp + self._offset


@dataclass(frozen=True, slots=True)
class Parcel:
    """A packet of a stream with the moment it was taken. `decode` gives its frames (none for most, if not wanted)."""

    packet: Any
    at: float
    stream: Any

    def shots(self, alone: bool = False) -> list[Shot]:
        """Decode it, `alone` as a picture for itself, which the decoder may hold back until it is asked to let go. A
        broken packet gives nothing."""
        try:
            with TURNS:
                frames = self.packet.decode()
                if alone:
                    frames += self.stream.codec_context.decode(None)
                    self.stream.codec_context.flush_buffers()
        except av.FFmpegError:
            return []
        return [Shot(self.at, frame) for frame in frames]


def packets(address: Address, began: Callable[[Any], None]) -> Iterator[Parcel]:
    """The packets of a stream (RTSP, or a file at its own pace) as they come, for ever or until it ends; Lost when it
    breaks. `began` is called with the stream once it is open."""
    live = urlsplit(address.url).scheme.startswith("rtsp")
    try:
        with av.open(address.whole, options=RTSP if live else {}, timeout=(OPEN_LIMIT, READ_LIMIT)) as container:
            stream = next(iter(container.streams.video), None)
            if stream is None:
                raise Lost(f"{address.shown} has no video in it.")
            stream.codec_context.thread_count = 1
            began(stream)
            timeline, start = Timeline(), time.monotonic()
            for packet in container.demux(stream):
                if not packet.size:
                    continue
                stamp = float(packet.pts * packet.time_base) if packet.pts is not None else None
                if not live:
                    _pace(start, stamp)
                yield Parcel(packet, timeline.at(stamp, time.monotonic()), stream)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise lost(error, address) from None


def _pace(start: float, stamp: float | None) -> None:
    """A file is played as fast as it was filmed."""
    ahead = start + (stamp or 0.0) - time.monotonic()
    if ahead > 0:
        time.sleep(min(ahead, 1.0))


def lost(error: Exception, address: Address) -> Lost:
    """What went wrong in words, without the address's password (FFmpeg's own errors carry the whole address)."""
    where = address.shown
    if isinstance(error, av.HTTPUnauthorizedError) or getattr(error, "code", 0) == 401:
        return Lost(f"{where} refuses the name or password.", "Mend it in secrets.toml.")
    if isinstance(error, av.HTTPNotFoundError | FileNotFoundError) or getattr(error, "code", 0) == 404:
        return Lost(f"{where} is not there.", "Is the path of the stream right?")
    if isinstance(error, av.ExitError | TimeoutError):
        return Lost(f"{where} sends nothing.", "Is the camera switched on?")
    if isinstance(error, ConnectionRefusedError | av.ConnectionRefusedError):
        return Lost(f"{where} takes no connection.", "Is the camera switched on, and RTSP allowed on it?")
    return Lost(f"{where} cannot be read ({type(error).__name__}).")


# --- pictures over HTTP ----------------------------------------------------------------------------------------------


def http(address: Address, data: bytes | None = None, kind: str = "") -> Any:
    """An open answer of the camera's web server, Basic or Digest as it asks (with a body only Digest: ONVIF has its own
    login, and the password is not to be had for the asking); Lost when it gives none."""
    request = urllib.request.Request(address.url, data)  # noqa: S310  # the owner's own address, scheme checked
    if kind:
        request.add_header("Content-Type", kind)
    opener = urllib.request.build_opener(_Refuse())
    try:
        return opener.open(request, timeout=READ_LIMIT)
    except urllib.error.HTTPError as error:
        asked = error.headers.get_all("WWW-Authenticate") or []
        plain = not any(one.lower().startswith("digest ") for one in asked)
        if error.code != 401 or not address.user or (plain and data is not None):
            raise lost(error, address) from None
        request.add_header("Authorization", _authorization(asked, address, request.get_method(), request.selector))
    except (OSError, ValueError) as error:
        raise lost(_inner(error), address) from None
    try:
        return opener.open(request, timeout=READ_LIMIT)
    except urllib.error.HTTPError as error:
        raise lost(error, address) from None
    except (OSError, ValueError) as error:
        raise lost(_inner(error), address) from None


class _Refuse(urllib.request.HTTPRedirectHandler):
    """No redirects: a password goes to the camera that it was given for, and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _inner(error: Exception) -> Exception:
    reason = getattr(error, "reason", None)
    return reason if isinstance(reason, Exception) else error


def _authorization(asked: list[str], address: Address, method: str, path: str) -> str:
    """The answer to a challenge (RFC 7616 with MD5 or SHA-256, qop auth; RFC 7617)."""
    digest = next((one for one in asked if one.lower().startswith("digest ")), "")
    if not digest:
        return "Basic " + base64.b64encode(f"{address.user}:{address.password}".encode()).decode()
    fields = urllib.request.parse_keqv_list(urllib.request.parse_http_list(digest[7:]))
    name = fields.get("algorithm", "MD5")
    method_of = hashlib.sha256 if name.upper().startswith("SHA-256") else hashlib.md5

    def hashed(text: str) -> str:
        return method_of(text.encode()).hexdigest()

    one = hashed(f"{address.user}:{fields.get('realm', '')}:{address.password}")
    two, nonce = hashed(f"{method}:{path}"), fields.get("nonce", "")
    cnonce = hashlib.sha256(f"{time.monotonic_ns()}".encode()).hexdigest()[:16]
    qop = "auth" in fields.get("qop", "").replace(" ", "").split(",")
    answer = hashed(f"{one}:{nonce}:00000001:{cnonce}:auth:{two}") if qop else hashed(f"{one}:{nonce}:{two}")
    parts = {"username": address.user, "realm": fields.get("realm", ""), "nonce": nonce, "uri": path,
             "response": answer} | ({"opaque": fields["opaque"]} if "opaque" in fields else {})
    text = ", ".join(f'{key}="{value}"' for key, value in parts.items()) + f", algorithm={name}"
    return f'Digest {text}' + (f', qop=auth, nc=00000001, cnonce="{cnonce}"' if qop else "")


def stills(address: Address) -> Iterator[Shot]:
    """Pictures of an HTTP address: a stream of JPEGs (multipart) as they come, or a still asked for every second."""
    with http(address) as answer:
        kind = answer.headers.get("Content-Type", "")
        if kind.startswith("multipart/"):
            yield from multipart(answer, kind)
            return
        if not kind.startswith("image/"):
            raise Lost(f"{address.shown} is no picture ({kind or 'no type'}).", "Is the path right?")
    while True:
        began = time.monotonic()
        with http(address) as answer:
            yield Shot(time.monotonic(), jpeg=answer.read(JPEG_LIMIT))
        time.sleep(max(0.05, SNAPSHOT_EVERY - (time.monotonic() - began)))


def multipart(answer: io.BufferedIOBase | Any, kind: str) -> Iterator[Shot]:
    """The parts of a multipart/x-mixed-replace answer (RFC 2046 framing; Content-Length where it is given, the mark
    between the parts where not)."""
    mark = b"--" + kind.partition("boundary=")[2].partition(";")[0].strip().strip('"').lstrip("-").encode()
    marked = False
    while True:
        line = b"" if marked else answer.readline(1024)
        if not line and not marked:
            raise Lost("The camera ended its stream.")
        if not marked and not line.strip().startswith(mark) and not line.strip().endswith(mark.lstrip(b"-")):
            continue
        size, marked = 0, False
        while (line := answer.readline(1024)).strip():
            name, _, value = line.partition(b":")
            if name.strip().lower() == b"content-length" and value.strip().isdigit():
                size = int(value)
        if 0 < size <= JPEG_LIMIT:
            jpeg: bytes = answer.read(size)
        else:
            jpeg, marked = _until_mark(answer, mark), True
        if jpeg[:2] == b"\xff\xd8":
            yield Shot(time.monotonic(), jpeg=jpeg)


def _until_mark(answer: Any, mark: bytes) -> bytes:
    """A JPEG without a length: up to the next mark between the parts (it may hold a smaller one with its own end)."""
    data = b""
    while len(data) < JPEG_LIMIT:
        more: bytes = answer.readline(65536)
        if not more:
            raise Lost("The camera ended its stream in the middle of a picture.")
        if more.strip().startswith(mark):
            return data.rstrip(b"\r\n")
        data += more
    raise Lost("The camera sent a picture without end.")
