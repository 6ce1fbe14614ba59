"""Addresses that lead into a private network, however they are written, and what resolves names to them."""

from __future__ import annotations

import socket

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from adapters._sources.fetch import FetchError, fetch

# Each leads to this machine, to its network, or to where an address of theirs can be written in another way.
FORMS = (
    # The machine itself: names, shortened, and in other bases.
    *("127.0.0.1", "localhost", "LOCALHOST", "localhost.", "127.0.0.1.", "127.1", "127.0.1", "0", "0.0.0.0", "0.0"),
    *("2130706433", "0x7f000001", "0x7f.0.0.1", "0x7F.1", "017700000001", "0177.0.0.1", "0177.1", "127.255.255.254"),
    *("%31%32%37.0.0.1", "127。0。0。1", "１２７.0.0.1", "①②⑦.0.0.1"),
    # IPv6, and IPv4 inside it: mapped, compatible, 6to4, NAT64, Teredo, ISATAP.
    *("[::1]", "[0:0:0:0:0:0:0:1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]"),
    *("[::127.0.0.1]", "[::7f00:1]", "[2002:7f00:1::]", "[64:ff9b::127.0.0.1]", "[64:ff9b:1::7f00:1]"),
    *("[2001:0:7f00:1::]", "[::ffff:0:127.0.0.1]", "[fe80::5efe:127.0.0.1]", "[::ffff:127.1]", "[::1%25lo]"),
    # Networks around it.
    *("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.127.255.255", "169.254.169.254"),
    *("[fd00::1]", "[fc00::1]", "[fe80::1]", "[fec0::1]", "[fd00:ec2::254]", "[ff02::1]", "[2001:db8::1]", "[3fff::1]"),
    *("192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.88.99.1", "224.0.0.1", "240.0.0.1"),
    "255.255.255.255",
)
# Those of them, as they are connected to, that lead to this machine alone.
OWN = frozenset({"127.0.0.1", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1", "::ffff:7f00:1"})


class Names(AbstractResolver):
    """Resolve any name to the addresses that are given, one after the other, the last for good."""

    def __init__(self, *answers: tuple[str, int]) -> None:
        self._answers = list(answers)
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked += 1
        address, port = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None: ...


async def reads(session: aiohttp.ClientSession, url: str) -> bool:
    """Tell whether an address can be read through a session."""
    try:
        return bool((await fetch(url, private=True, session=session, within=1)).text)
    except FetchError:
        return False
