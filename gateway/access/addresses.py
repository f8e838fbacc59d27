"""The caller's address, which limits count and logs show. Pure.

Any client can send X-Forwarded-For, so it is read only when the peer is a proxy that the operator
trusts, and only as far as trusted proxies wrote it: each appends the address that called it, so all
left of the first entry that is no trusted proxy is the caller's own invention.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    collapse_addresses,
    ip_address,
    ip_network,
)

from gateway.settings import words

MOST_PEERS = 1024  # whose names are kept: to read an address costs 1.5 % of a connect
MOST_ENTRIES = 50  # that are read: no operator has so many proxies
UNIX = "unix"
LOCAL = "local"  # the name of callers through a Unix socket
UNKNOWN = "unknown"  # the name of a caller whose connection was gone too early

SHORTEST_IPV4, SHORTEST_IPV6 = 8, 16  # prefixes of networks that proxies alone may fill
MAPPED = IPv6Network("::ffff:0:0/96")  # IPv4 as IPv6 sockets show it
LOCAL_IPV6 = (IPv6Network("fc00::/7"), IPv6Network("fe80::/10"))  # no client is there by chance

_PORT = re.compile(":[0-9]+")
_Address = IPv4Address | IPv6Address
_Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """The proxies whose X-Forwarded-For is believed.

    Attributes:
        networks: where the proxies are.
        unix: whether every peer on a Unix socket is one.
    """

    networks: tuple[_Network, ...] = ()
    unix: bool = False

    @property
    def too_wide(self) -> tuple[_Network, ...]:
        """The networks, joined where they meet, that surely hold clients as well."""
        ipv4 = [each for each in self.networks if isinstance(each, IPv4Network)]
        ipv6 = [
            each
            for each in self.networks
            if isinstance(each, IPv6Network)
            and not any(each.subnet_of(local) for local in LOCAL_IPV6)
        ]
        return (
            *(each for each in collapse_addresses(ipv4) if each.prefixlen < SHORTEST_IPV4),
            *(each for each in collapse_addresses(ipv6) if each.prefixlen < SHORTEST_IPV6),
        )

    def trusts(self, address: _Address) -> bool:
        """Return whether a trusted proxy has this address."""
        return any(address in network for network in self.networks)


def parse_networks(text: str) -> TrustedProxies:
    """Return the proxies of a list such as `10.0.0.0/8, 127.0.0.1, unix`. Empty: none.

    Raises:
        ValueError: an entry is neither an address, nor a network, nor `unix`. A network with bits
            set behind its prefix counts as a typing error.
    """
    entries = words(text.lower())
    networks = tuple(_network(entry) for entry in entries if entry != UNIX)
    return TrustedProxies(networks, unix=UNIX in entries)


def _network(text: str) -> _Network:
    network = ip_network(text)
    if isinstance(network, IPv6Network) and network.subnet_of(MAPPED):
        address = int(network.network_address) - int(MAPPED.network_address)
        return IPv4Network((address, network.prefixlen - MAPPED.prefixlen))
    return network


def client_address(peer: str | None, forwarded_for: Sequence[str], trusted: TrustedProxies) -> str:
    """Return the name under which a caller is counted.

    An IPv6 caller is named by its /64, because one customer has all of it. An entry that is no
    address ends the walk: its meaning is unknown, so the last good one to its right counts.

    Args:
        peer: the connection's other end; empty (or a path) for a Unix socket, None if it is gone,
            which is never trusted.
        forwarded_for: the X-Forwarded-For lines in their order.
    """
    if peer is None:
        return UNKNOWN
    last, name = _peer(peer)
    if not (trusted.unix if last is None else trusted.trusts(last)):
        return name
    for entry in reversed(",".join(forwarded_for).rsplit(",", MOST_ENTRIES)[-MOST_ENTRIES:]):
        if not entry.strip():
            continue  # lists may have empty elements
        address = _parsed(entry)
        if address is None:
            break
        last = address
        if not trusted.trusts(address):
            break
    return _name(last)


@lru_cache(MOST_PEERS)
def _peer(text: str) -> tuple[_Address | None, str]:
    """Return the address of a connection's other end, and its name."""
    address = _parsed(text)
    return address, _name(address)


def _parsed(text: str) -> _Address | None:
    """Read an address with or without brackets, port and zone, None if it is none."""
    host = text.strip()
    if host.startswith("["):
        host, _, port = host[1:].partition("]")
    elif host.count(":") == 1:
        host, colon, port = host.partition(":")
        port = colon + port
    else:
        port = ""
    if port and not _PORT.fullmatch(port):
        return None
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _name(address: _Address | None) -> str:
    if address is None:
        return LOCAL
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((int(address) >> 64 << 64, 64)))
