"""RTSP/1.0 as text (RFC 2326): requests in, responses out; pure."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

LARGEST_HEAD = 16_384
METHODS = ("OPTIONS", "DESCRIBE", "SETUP", "PLAY", "PAUSE", "GET_PARAMETER", "SET_PARAMETER", "TEARDOWN")
REASONS = {
    200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 405: "Method Not Allowed",
    454: "Session Not Found", 455: "Method Not Valid In This State", 461: "Unsupported Transport",
    501: "Not Implemented", 505: "RTSP Version Not Supported",
}  # fmt: skip
SESSION_SECONDS = 60


class Broken(Exception):
    """Bytes that are no RTSP request; the connection is of no more use."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request; header names in lower case."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """The path of the stream, without the track."""
        return re.sub(r"/trackID=0$", "", urlsplit(self.url).path.rstrip("/"))


def take(buffer: bytearray) -> Request | None:
    """Take the next request off the buffer; None until it is whole. Interleaved data (RTCP) is thrown away."""
    while buffer and buffer[0] in b"$\r\n":
        if buffer[:1] != b"$":
            del buffer[:1]
            continue
        if len(buffer) < 4 or len(buffer) < 4 + int.from_bytes(buffer[2:4], "big"):
            return None
        del buffer[: 4 + int.from_bytes(buffer[2:4], "big")]
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        if len(buffer) > LARGEST_HEAD:
            raise Broken("the head of the request has no end")
        return None
    request, length = _parse(bytes(buffer[:end]).decode("utf-8", "replace"))
    if len(buffer) < end + 4 + length:
        return None
    del buffer[: end + 4 + length]
    return request


def _parse(head: str) -> tuple[Request, int]:
    first, *rest = head.split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("RTSP/"):
        raise Broken(f"no request line: {first[:60]!r}")
    pairs = (line.partition(":") for line in rest)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    length = headers.get("content-length", "0")
    if not length.isdigit() or int(length) > LARGEST_HEAD:
        raise Broken(f"a body of {length[:20]!r} bytes")
    return Request(words[0], words[1], headers), int(length)


def answer(request: Request, status: int, headers: list[tuple[str, str]] | None = None, body: str = "") -> bytes:
    """A response to a request."""
    lines = [f"RTSP/1.0 {status} {REASONS[status]}", f"CSeq: {request.headers.get('cseq', '0')}"]
    lines += [f"{name}: {value}" for name, value in headers or []]
    if body:
        lines.append(f"Content-Length: {len(body.encode())}")
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def channels(transport: str) -> tuple[int, int] | None:
    """The channels of the first transport that goes over this connection (12.39); None when all want UDP."""
    for offer in transport.split(","):
        words = [word.strip() for word in offer.split(";")]
        if words[0].upper() != "RTP/AVP/TCP" or "multicast" in words:
            continue
        pair = next((word.partition("=")[2] for word in words if word.startswith("interleaved=")), "0-1")
        first, _, second = pair.partition("-")
        if first.isdigit() and (second or "0").isdigit() and int(first) < 255:
            return int(first), int(second) if second else int(first) + 1
    return None
