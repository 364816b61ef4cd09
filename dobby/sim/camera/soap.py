"""SOAP 1.2 as ONVIF speaks it, with the user in WS-Security; requests in, answers and faults out; pure.

Facts: ONVIF Core Specification chapters 5.9 (security) and 5.11 (faults), WSS UsernameToken Profile 1.1 (password
digest).
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

NAMESPACES = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://www.w3.org/2005/08/addressing",
    "tds": "http://www.onvif.org/ver10/device/wsdl",
    "trt": "http://www.onvif.org/ver10/media/wsdl",
    "tev": "http://www.onvif.org/ver10/events/wsdl",
    "tt": "http://www.onvif.org/ver10/schema",
    "ter": "http://www.onvif.org/ver10/error",
    "tns1": "http://www.onvif.org/ver10/topics",
    "wsnt": "http://docs.oasis-open.org/wsn/b-2",
    "wstop": "http://docs.oasis-open.org/wsn/t-1",
}
TOKEN_SECONDS = 300.0  # how far a client's clock may be off
_WSSE = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd}"
_WSU = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}"
_DECLARED = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())


class Refused(Exception):
    """A SOAP fault: `code` is Sender or Receiver, `sub` ONVIF's subcode, `status` the HTTP status."""

    def __init__(self, sub: str, text: str, code: str = "Sender", status: int = 400) -> None:
        super().__init__(text)
        self.sub, self.code, self.status = sub, code, status


NOT_AUTHORIZED = ("ter:NotAuthorized", "Sender not authorized")


@dataclass(frozen=True, slots=True)
class Token:
    """A UsernameToken."""

    user: str
    password: str
    digest: bool
    nonce: bytes
    created: str


@dataclass(frozen=True, slots=True)
class Call:
    """A request: the operation's name, its element, who asks, and the message id an answer relates to."""

    name: str
    element: Element
    token: Token | None = None
    message_id: str = ""
    words: dict[str, str] = field(default_factory=dict)


def parse(body: bytes) -> Call:
    """The call in a SOAP message; Refused when it is none. `words` are the texts of its elements by local name."""
    try:
        tree = ElementTree.fromstring(body)  # noqa: S314  # only loopback talks to the simulated home
    except ElementTree.ParseError as error:
        raise Refused("ter:WellFormed", f"not well-formed: {error}") from error
    call = tree.find(f"{{{NAMESPACES['s']}}}Body/*")
    if call is None:
        raise Refused("ter:TagMismatch", "no operation in the body")
    said = tree.find(f".//{{{NAMESPACES['a']}}}MessageID")
    words = {local(each.tag): (each.text or "").strip() for each in call.iter()}
    return Call(local(call.tag), call, _token(tree), (said.text or "") if said is not None else "", words)


def local(tag: str) -> str:
    """A tag without its namespace."""
    return tag.rsplit("}", 1)[-1]


def _token(tree: Element) -> Token | None:
    found = tree.find(f".//{_WSSE}UsernameToken")
    if found is None:
        return None
    password = found.find(f"{_WSSE}Password")
    digest = password is not None and password.get("Type", "").endswith("#PasswordDigest")
    try:
        nonce = base64.b64decode(found.findtext(f"{_WSSE}Nonce", ""))
    except ValueError:
        nonce = b""
    return Token(found.findtext(f"{_WSSE}Username", ""), (password.text or "") if password is not None else "", digest,
                 nonce, found.findtext(f"{_WSU}Created", ""))


def authorized(token: Token | None, user: str, password: str, now: datetime) -> bool:
    """Whether a token proves the password, and recently; a plain password is no proof."""
    if token is None or not token.digest or token.user != user:
        return False
    try:
        created = datetime.fromisoformat(token.created)
    except ValueError:
        return False
    age = (now - (created if created.tzinfo else created.replace(tzinfo=UTC))).total_seconds()
    proof = hashlib.sha1(token.nonce + token.created.encode() + password.encode(), usedforsecurity=False).digest()
    return abs(age) < TOKEN_SECONDS and hmac.compare_digest(token.password, base64.b64encode(proof).decode())


def envelope(body: str, action: str = "", relates_to: str = "") -> str:
    """A SOAP message; with WS-Addressing headers when the request had any."""
    head = ""
    if relates_to:
        head = f"<s:Header><a:Action>{action}</a:Action><a:RelatesTo>{escape(relates_to)}</a:RelatesTo></s:Header>"
    return f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope {_DECLARED}>{head}<s:Body>{body}</s:Body></s:Envelope>'


def fault(refused: Refused) -> str:
    """A SOAP fault."""
    return envelope(
        f"<s:Fault><s:Code><s:Value>s:{refused.code}</s:Value><s:Subcode><s:Value>{refused.sub}</s:Value></s:Subcode>"
        f'</s:Code><s:Reason><s:Text xml:lang="en">{escape(str(refused))}</s:Text></s:Reason></s:Fault>'
    )
