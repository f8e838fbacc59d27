"""The room on a LiveKit server that a create names, and whether the avatar goes there.

A create can name any address, and the fake would connect to it: a caller could make the fake ask
hosts that the caller cannot reach itself. So it goes where it is allowed to (`Reach`), by default
to this machine alone. What is connected to is put together anew from what was checked, so that no
two readers of one URL find two hosts in it, and a name is resolved once.
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Mapping
from enum import Enum
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from fake_runway.core.text import quoted

_PATH = re.compile(r"[\w./~%!$&'()*+,;=:@-]*", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,252}")
_SCHEMES: Mapping[str, str] = {"ws": "ws", "wss": "wss", "http": "ws", "https": "wss"}
_PORTS: Mapping[str, int] = {"ws": 80, "wss": 443}
_PRIVATE = tuple(
    map(
        ipaddress.ip_network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"),
    )
)
"""Networks of one's own. Link-local addresses are none: clouds serve credentials there."""
_LOCALHOST = "localhost"


class Reach(Enum):
    """How far away a room may be that a create names."""

    OFF = "off"
    LOOPBACK = "loopback"
    PRIVATE = "private"
    ANY = "any"


class OutOfReach(Exception):
    """The avatar does not go there. The message says why."""


class NamedRoom(NamedTuple):
    """A room on a LiveKit server.

    Attributes:
        url: of the server.
        token: lets the avatar join.
        name: what the create calls it.
        agent: the identity of the agent whose leaving ends the call, empty if none was named.
    """

    url: str
    token: str
    name: str
    agent: str = ""

    def __repr__(self) -> str:
        return f"<NamedRoom {self.name}>"

    @property
    def server(self) -> str:
        """The URL without its path, which may hold a secret; for logs."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def room_named(body: Mapping[str, Any] | None) -> NamedRoom | None:
    """Return the room in the valid body of a create, None if it names none."""
    if not body:
        return None
    given = body.get("livekit")
    if given is None:
        given = body.get("integration")
        if given is None or given["type"] != "livekit":
            return None
    return NamedRoom(
        given["url"], given["token"], given["roomName"], given.get("agentIdentity") or ""
    )


async def within_reach(url: str, reach: Reach) -> str:
    """Return the URL to connect to.

    Under `loopback` no name is resolved, so that not even a question leaves the machine. Under
    `private` a name is, once, and what it stands for is connected to; with TLS it would not fit the
    certificate, so there an address is needed.

    Raises:
        OutOfReach: it is not allowed, or is the URL of no server.
    """
    scheme, host, port, path = _parts(url)
    if reach is Reach.OFF:
        raise OutOfReach("the fake is told to join no room that a create names")
    address = _address(host)
    if address is None and not _NAME.fullmatch(host):
        raise OutOfReach(f"{quoted(host)} is no host")
    if reach is not Reach.ANY and host != _LOCALHOST:
        if address is None:
            if reach is Reach.LOOPBACK or scheme == "wss":
                raise _not_within(host, reach)
            address = await _resolved(host, port)
        if not _allowed(address, reach):
            raise _not_within(host, reach)
    shown = host if address is None else f"[{address}]" if address.version == 6 else str(address)
    return f"{scheme}://{shown}:{port}{path}"


def _parts(url: str) -> tuple[str, str, int, str]:
    try:
        parts = urlsplit(url)
        scheme, port = _SCHEMES[parts.scheme.lower()], parts.port
    except (KeyError, ValueError):
        raise OutOfReach(f"{quoted(url.partition('?')[0])} is no URL like wss://host") from None
    host, path = (parts.hostname or "").lower(), parts.path.rstrip("/")
    if not host or not _PATH.fullmatch(path):
        raise OutOfReach(f"{quoted(url.partition('?')[0])} is no URL like wss://host")
    return scheme, host, _PORTS[scheme] if port is None else port, path


_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _address(host: str) -> _Address | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            raise OutOfReach(f"{quoted(host)} is no host")
        return address.ipv4_mapped or address
    return address


async def _resolved(host: str, port: int) -> _Address:
    """Return what a name stands for, the first one if that is several.

    Raises:
        OutOfReach: it stands for nothing, or for something outside the private networks as well.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise OutOfReach(f"{quoted(host)} is not known") from None
    addresses = [_address(str(each[4][0])) for each in found]
    kept = [each for each in addresses if each is not None and _allowed(each, Reach.PRIVATE)]
    if not kept or len(kept) < len(addresses):
        raise _not_within(host, Reach.PRIVATE)
    return kept[0]


def _allowed(address: _Address, reach: Reach) -> bool:
    if address.is_loopback:
        return True
    return reach is Reach.PRIVATE and any(address in network for network in _PRIVATE)


def _not_within(host: str, reach: Reach) -> OutOfReach:
    where = "this machine" if reach is Reach.LOOPBACK else "private networks, and with wss: by IP"
    return OutOfReach(
        f"{quoted(host)} is not allowed: --livekit-rooms {reach.value} allows {where} alone"
    )
