"""Connections to addresses that are public, or to any where that is allowed."""

from __future__ import annotations

import errno
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import metadata
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address
from typing import TYPE_CHECKING

import aiohttp

if TYPE_CHECKING:
    from aiohappyeyeballs import AddrInfoType
    from aiohttp.abc import AbstractResolver
    from aiohttp.typedefs import LooseHeaders

CONNECT_TIMEOUT = 8.0

# https://www.iana.org/assignments/iana-ipv4-special-registry/ and above it multicast and what is reserved.
_NOT_PUBLIC_4 = tuple(
    map(
        IPv4Network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
            *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15"),
            *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"),
        ),
    )
)
# All that is public is in here (https://www.iana.org/assignments/ipv6-address-space/), so what maps an IPv4 address is
# not, nor NAT64; less Teredo and its neighbours, documentation, and 6to4.
_PUBLIC_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))


def is_public(host: str) -> bool:
    """Tell whether an IP address is anybody's to reach, rather than of this machine or of a network around it."""
    address = ip_address(host)
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    return address in _PUBLIC_6 and not any(address in network for network in _NOT_PUBLIC_6)


def anywhere(host: str) -> bool:
    """Tell that any address may be reached, for whoever runs Paperwire in a network of their own."""
    return True


class RefusedError(OSError):
    """An address is not one that may be reached."""


@asynccontextmanager
async def guarded(
    allows: Callable[[str], bool] = is_public, resolver: AbstractResolver | None = None
) -> AsyncIterator[aiohttp.ClientSession]:
    """Open a session that connects only to IP addresses that `allows` says yes to."""

    def factory(info: AddrInfoType) -> socket.socket:
        # Here a name is resolved and cannot change any more; a resolver that checks would not see literal addresses.
        family, kind, protocol, _, address = info
        if not allows(str(address[0])):
            raise RefusedError(errno.EACCES, "not allowed")
        return socket.socket(family, kind, protocol)

    connector = aiohttp.TCPConnector(
        socket_factory=factory, resolver=resolver, use_dns_cache=False, force_close=True, limit=1
    )
    headers: LooseHeaders = {
        "User-Agent": f"Paperwire/{_version()} (+daily digests of research papers)",
        # What nobody else unpacks, for only here a limit holds while it is done.
        "Accept-Encoding": "gzip",
    }
    async with aiohttp.ClientSession(
        connector=connector,
        headers=headers,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
    ) as session:
        yield session


def _version() -> str:
    try:
        return metadata.version("paperwire")
    except metadata.PackageNotFoundError:
        return "0"  # run from its files, not installed
