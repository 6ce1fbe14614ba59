"""The guarded HTTP client of every web source: nothing that it is told to read leads into a private network."""

from __future__ import annotations

import asyncio
import os
import re
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import blake2b
from http import HTTPStatus
from ipaddress import IPv6Address

import aiohttp
import yarl

from adapters._sources.connecting import CONNECT_TIMEOUT, RefusedError, anywhere, guarded, is_public
from adapters._sources.content import UnreadableError, bounded, text, unpacked
from bot.digest.entries import MAX_BYTES

MAX_REDIRECTS = 3

_TIMEOUT = 20.0
_LONGEST_WAIT = 24 * 60 * 60.0
_PORTS = (80, 443)
_REDIRECTS = (301, 302, 303, 307, 308)
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer of 200, or of 304 with an empty text; `url` is where the redirects ended."""

    status: int
    text: str
    etag: str
    modified: str
    url: str


class FetchError(Exception):
    """Why an address could not be read, for the operator: its text holds nothing of the address.

    `status` is HTTP's, or 0 where there was no answer; `retry_after` is the time in seconds that the server named.
    """

    def __init__(self, reason: str, retry_after: float | None = None, *, status: int = 0) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.status = status


def checked(url: str, *, private: bool = False) -> yarl.URL:
    """Return an address that `fetch` would read, without its fragment; raise `FetchError` for any other."""
    try:
        parsed = yarl.URL(url.strip())
        if parsed.host and ":" in parsed.host:
            IPv6Address(parsed.host)  # of which yarl takes what is none
    except ValueError:
        raise FetchError("not a web address") from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise FetchError("not a web address; those begin with https://")
    if parsed.user is not None or parsed.password is not None:
        raise FetchError("a web address with a user name or a password in it, which logs and people would see")
    if not private and parsed.scheme != "https":
        raise FetchError("not an https address; PAPERWIRE_PRIVATE_SOURCES=allow allows http too")
    if not private and parsed.port not in _PORTS:
        raise FetchError("on a port of its own; PAPERWIRE_PRIVATE_SOURCES=allow allows that")
    return parsed.with_fragment(None)


def shown(url: yarl.URL) -> str:
    """Return an address as logs and people may see it: a query may hold a secret, so it becomes a fingerprint."""
    query = url.raw_query_string.encode()
    return f"{url.with_query(None)}?~{blake2b(query, digest_size=4).hexdigest()}" if query else str(url)


async def fetch(
    url: str,
    *,
    etag: str = "",
    modified: str = "",
    private: bool = False,
    most: int = MAX_BYTES,
    within: float = _TIMEOUT,
    session: aiohttp.ClientSession | None = None,
) -> Fetched:
    """Read an address, or raise `FetchError`; with `etag` or `modified` only if it changed (else `status` is 304).

    `private` allows private networks, http and any port. `most` is how many bytes are read, packed and unpacked;
    `within` is how many seconds it may take, redirects and all. A gzip file is unpacked. A `session` is one that
    `connecting.guarded` opened, which says itself what it connects to.
    """
    validators = {"If-None-Match": etag, "If-Modified-Since": modified}
    headers = {name: value for name, value in validators.items() if value}
    target = checked(url, private=private)
    opening = nullcontext(session) if session else guarded(anywhere if private else is_public)
    try:
        async with asyncio.timeout(within), opening as opened:
            for _ in range(MAX_REDIRECTS + 1):
                async with opened.get(target, headers=headers, allow_redirects=False) as response:
                    if response.status not in _REDIRECTS:
                        return await _fetched(response, most, conditional=bool(headers))
                    target = _redirected(target, response.headers.get("Location", ""), private=private)
            raise FetchError(f"more than {MAX_REDIRECTS} redirects")
    except aiohttp.ConnectionTimeoutError:
        raise FetchError(f"no connection within {CONNECT_TIMEOUT:g} s") from None
    except TimeoutError:
        raise FetchError(f"no whole answer within {within:g} s") from None
    except UnreadableError as error:
        raise FetchError(str(error)) from None
    except UnicodeError:
        raise FetchError("not a web address: there is no such name of a host") from None
    except aiohttp.ClientError as error:
        raise FetchError(_reason(error)) from None


def _redirected(url: yarl.URL, location: str, *, private: bool) -> yarl.URL:
    if not location:
        raise FetchError("a redirect to nowhere")
    try:
        target = checked(str(url.join(yarl.URL(location))), private=private)
    except (FetchError, ValueError) as error:
        reason = str(error) if isinstance(error, FetchError) else "not a web address"
        raise FetchError(f"a redirect to what is {reason}") from None
    if url.scheme == "https" and target.scheme == "http":
        raise FetchError("a redirect from https to http")
    return target


async def _fetched(response: aiohttp.ClientResponse, most: int, *, conditional: bool) -> Fetched:
    etag, modified = (response.headers.get(name, "") for name in ("ETag", "Last-Modified"))
    url = str(response.url)
    if conditional and response.status == HTTPStatus.NOT_MODIFIED:
        return Fetched(response.status, "", etag, modified, url)
    if response.status != HTTPStatus.OK:
        wait = _wait(response.headers.get("Retry-After", ""))
        raise FetchError(f"HTTP {_named(response.status)}", wait, status=response.status)
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise FetchError("encoded in a way that was not asked for; gzip was")
    data = await _body(response, most)
    decoded = await asyncio.to_thread(_text, data, most, response.charset or "utf-8", is_packed="gzip" in encoding)
    return Fetched(response.status, decoded, etag, modified, url)


async def _body(response: aiohttp.ClientResponse, most: int) -> bytes:
    bounded(response.content_length or 0, most)
    data = bytearray()
    async for chunk in response.content.iter_any():
        data += chunk
        bounded(len(data), most)
    return bytes(data)


def _text(data: bytes, most: int, charset: str, *, is_packed: bool) -> str:
    if is_packed:
        data = unpacked(data, most)
    # A packed file is told by its first bytes: servers send it as it is, or say that its text is what is encoded.
    return text(unpacked(data, most) if data.startswith(_GZIP) else data, charset)


def _wait(value: str) -> float | None:
    """Return a Retry-After in seconds: https://www.rfc-editor.org/rfc/rfc9110#name-retry-after."""
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", value, re.ASCII):
        return min(float(value), _LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    seconds = (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), _LONGEST_WAIT)


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _reason(error: aiohttp.ClientError) -> str:
    """Say what went wrong in words of ours: a library's may hold the address."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return "the name of its host could not be resolved"
        case aiohttp.ClientConnectorCertificateError():
            detail = getattr(error.certificate_error, "verify_message", "") or "it could not be verified"
            return f"its certificate is not good: {detail}"
        case aiohttp.ClientSSLError():
            return "no TLS connection with it"
        case aiohttp.ClientConnectorError(os_error=RefusedError()):
            return "leads into a private network; PAPERWIRE_PRIVATE_SOURCES=allow allows that"
        case aiohttp.ClientConnectorError():
            return f"no connection: {os.strerror(error.errno or 0)}"
        case aiohttp.InvalidURL():
            return "not a web address"
        case aiohttp.ClientResponseError():
            return "what answers does not speak HTTP"
        case aiohttp.ClientConnectionError() | aiohttp.ClientPayloadError():
            return "the connection broke before the answer was whole"
        case _:
            return type(error).__name__
