"""Who may look: Digest and Basic as a camera asks for them over RTSP and HTTP (RFC 2617, RFC 7616, RFC 7617); pure."""

import base64
import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass, field

NONCE_SECONDS = 3600.0
_PAIR = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,]+))')


@dataclass(frozen=True, slots=True)
class Gate:
    """One camera's user and password, and the nonces it gives out (kept nowhere: they carry their own proof)."""

    realm: str
    user: str
    password: str
    key: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    def challenges(self, basic: bool = False) -> list[str]:
        """WWW-Authenticate values; RTSP clients get Digest only."""
        digest = f'Digest realm="{self.realm}", nonce="{self._nonce(time.time())}", algorithm=MD5, qop="auth"'
        # many RTSP clients know RFC 2069 only, which has no qop
        return [digest, f'Basic realm="{self.realm}"'] if basic else [digest.replace(', qop="auth"', "")]

    def lets_in(self, header: str | None, method: str) -> bool:
        """Whether an Authorization header is right for a request of this method."""
        scheme, _, rest = (header or "").partition(" ")
        if scheme.lower() == "basic":
            wanted = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
            return hmac.compare_digest(rest.strip(), wanted)
        return scheme.lower() == "digest" and self._digest(rest, method)

    def _digest(self, text: str, method: str) -> bool:
        said = {name.lower(): quoted or plain for name, quoted, plain in _PAIR.findall(text)}
        if said.get("username") != self.user or not self._own(said.get("nonce", "")):
            return False
        secret = _md5(f"{self.user}:{self.realm}:{self.password}")
        what = _md5(f"{method}:{said.get('uri', '')}")
        middle = said["nonce"]
        if said.get("qop"):
            middle = ":".join((middle, said.get("nc", ""), said.get("cnonce", ""), said["qop"]))
        return hmac.compare_digest(said.get("response", ""), _md5(f"{secret}:{middle}:{what}"))

    def _nonce(self, at: float) -> str:
        stamp = f"{int(at):08x}"
        return stamp + hmac.new(self.key, stamp.encode(), "sha256").hexdigest()[:24]

    def _own(self, nonce: str) -> bool:
        stamp = nonce[:8]
        if not re.fullmatch(r"[0-9a-f]{32}", nonce) or not 0 <= time.time() - int(stamp, 16) < NONCE_SECONDS:
            return False
        return hmac.compare_digest(nonce, self._nonce(int(stamp, 16)))


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
