"""Two of the vision ends: any server that speaks OpenAI's chat API (Ollama, llama.cpp, vLLM, LM Studio), and Claude.

Pictures travel as base64 in the request. The models get no tools.
"""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from dobby.eyes.caption import SCHEMA, NoCaption, parse, pictures, request, rules
from dobby.eyes.seen import Glance, Seen

if TYPE_CHECKING:
    from aiohttp import ClientSession
    from anthropic import AsyncAnthropic

ANSWER_LIMIT = 512 * 1024  # bytes of a server's answer
TOKENS = 400  # of an answer


class Server:
    """An OpenAI-compatible server (POST {url}/chat/completions, as in OpenAI's API reference). The JSON schema goes
    along as response_format; a server that does not know that (400, 422) is asked without."""

    name = "server"

    def __init__(self, url: str, model: str, key: str = "", seconds: float = 20.0) -> None:
        self._url, self._model, self._key, self.seconds = url.rstrip("/"), model, key, seconds
        self.leaves = not _at_home(url)
        self._session: ClientSession | None = None
        self._schema = True

    async def see(self, glance: Glance) -> Seen:
        """Ask the server; NoCaption when it does not answer sensibly."""
        status, answer = await self._ask(self._body(glance, self._schema))
        if status in (400, 422) and self._schema:
            status, answer = await self._ask(self._body(glance, schema=False))
            self._schema = status != 200  # only if that was what it did not like
        if status != 200:
            raise NoCaption(f"The vision server answered {status}.", "Does it have that model?")
        try:
            return parse(str(answer["choices"][0]["message"]["content"]))
        except (KeyError, IndexError, TypeError):
            raise NoCaption("The vision server's answer has no text in it.") from None

    def _body(self, glance: Glance, schema: bool) -> dict[str, Any]:
        content: list[dict[str, Any]] = []
        for one in pictures(glance):
            data = base64.b64encode(one.jpeg).decode()
            content += [{"type": "text", "text": one.label},
                        {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{data}"}}]
        content.append({"type": "text", "text": request(glance)})
        body: dict[str, Any] = {"model": self._model, "temperature": 0.1, "max_tokens": TOKENS, "messages": [
            {"role": "system", "content": rules(glance)}, {"role": "user", "content": content}]}
        if schema:
            body["response_format"] = {"type": "json_schema",
                                       "json_schema": {"name": "seen", "strict": True, "schema": SCHEMA}}
        return body

    async def _ask(self, body: dict[str, Any]) -> tuple[int, Any]:
        import aiohttp

        if self._session is None:
            self._session = aiohttp.ClientSession()
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        try:
            async with self._session.post(f"{self._url}/chat/completions", json=body, headers=headers,
                                          allow_redirects=False) as response:
                data = b""
                async for piece in response.content.iter_chunked(65536):
                    data += piece
                    if len(data) > ANSWER_LIMIT:
                        raise NoCaption("The vision server's answer has no end.")
                return response.status, _json(data) if response.status == 200 else None
        except (aiohttp.ClientError, OSError) as error:
            raise NoCaption(f"The vision server cannot be reached ({type(error).__name__}).") from None

    async def warm(self) -> None:
        """Nothing to make ready."""

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None


class Claude:
    """Claude's eyes through the Messages API (image blocks before the text)."""

    name = "claude"
    leaves = True

    def __init__(self, key: str, base_url: str, model: str, seconds: float = 8.0) -> None:
        self._key, self._base_url, self._model, self.seconds = key, base_url, model, seconds
        self._client: AsyncAnthropic | None = None

    async def see(self, glance: Glance) -> Seen:
        """Ask Claude; NoCaption when there is no sensible answer."""
        client = await self._open()
        content: list[dict[str, Any]] = []
        for one in pictures(glance):
            content += [{"type": "text", "text": one.label},
                        {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg",
                                                     "data": base64.b64encode(one.jpeg).decode()}}]
        content.append({"type": "text", "text": request(glance)})
        messages: Any = [{"role": "user", "content": content}]
        try:
            message: Any = await client.messages.create(model=self._model, max_tokens=TOKENS, system=rules(glance),
                                                        messages=messages)
            text = "".join(block.text for block in message.content if block.type == "text")
        except Exception as error:  # every failure of SDK, transport or server is one kind here: no words
            raise NoCaption(f"Claude could not be asked about the picture ({type(error).__name__}).") from None
        return parse(text)

    async def warm(self) -> None:
        """Import the SDK before the first glance needs it."""
        await self._open()

    async def _open(self) -> AsyncAnthropic:
        if self._client is None:
            self._client = await asyncio.to_thread(self._make)
        return self._client

    def _make(self) -> AsyncAnthropic:
        import anthropic  # heavy, so only where Claude is to look

        return anthropic.AsyncAnthropic(api_key=self._key or "none", base_url=self._base_url or None, max_retries=1,
                                        timeout=self.seconds)

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise NoCaption("The vision server's answer is no JSON.") from None


def _at_home(url: str) -> bool:
    """Whether an address is in this house: loopback, private or link-local, or a bare or .local name."""
    host = urlsplit(url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith((".local", ".lan", ".home.arpa", "localhost"))
    return address.is_private or address.is_loopback or address.is_link_local
