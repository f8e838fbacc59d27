"""Laws of the caller's address."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.access.addresses import (
    LOCAL,
    UNKNOWN,
    TrustedProxies,
    client_address,
    parse_networks,
)

TRUSTED = parse_networks("10.0.0.0/8, 127.0.0.1, 2001:db8:ffff::/48, unix")
addresses = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).map(str)
proxies = st.one_of(
    st.ip_addresses(network="10.0.0.0/8"), st.ip_addresses(network="2001:db8:ffff::/48")
).map(str)
sent = st.one_of(addresses, proxies, st.text(max_size=12), st.just("unknown"))


def believed(address: str) -> bool:
    """Return whether TRUSTED has an address, by the networks alone."""
    parsed = ip_address(address)
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return any(parsed in network for network in TRUSTED.networks)


strangers = addresses.filter(lambda address: not believed(address))


@given(strangers, st.lists(st.text(max_size=40)), st.lists(sent))
def test_a_stranger_cannot_choose_a_name(peer: str, lines: list[str], entries: list[str]) -> None:
    """Without a trusted peer a caller is named by its peer alone, for any headers."""
    alone = client_address(peer, [], TRUSTED)
    assert client_address(peer, [*lines, ",".join(entries)], TRUSTED) == alone
    assert client_address(peer, entries, TrustedProxies()) == alone


@given(
    proxies,
    st.lists(st.text(max_size=8), max_size=20),
    strangers,
    st.lists(proxies, max_size=8),
)
def test_entries_left_of_the_proxies_are_ignored(
    peer: str, invented: list[str], caller: str, chain: list[str]
) -> None:
    """The last entry that no trusted proxy has is the caller; more on its left changes nothing."""
    genuine = [caller, *chain]
    named = client_address(peer, [",".join(genuine)], TRUSTED)
    assert named == client_address(caller, [], TRUSTED)
    assert client_address(peer, [",".join([*invented, *genuine])], TRUSTED) == named
    assert client_address(peer, [*invented, *genuine], TRUSTED) == named


@given(
    proxies, st.lists(proxies, max_size=8), st.sampled_from(["unknown", "_hidden", "1.2.3", "a:b"])
)
def test_an_entry_that_is_no_address_ends_the_walk(
    peer: str, chain: list[str], nonsense: str
) -> None:
    """The last good one to its right counts, which is the peer if there is none."""
    named = client_address(peer, [",".join(["9.9.9.9", nonsense, *chain])], TRUSTED)
    assert named == client_address((chain or [peer])[0], [], TRUSTED)


@given(st.integers(0, 70), strangers)
def test_the_number_of_read_entries_is_bounded(hops: int, caller: str) -> None:
    """Behind so many trusted proxies a caller is not found, and the last one read counts."""
    chain = [f"10.0.0.{hop}" for hop in range(hops)]
    named = client_address("10.0.1.1", [",".join([caller, *chain])], TRUSTED)
    found = caller if hops < 50 else chain[-50]
    assert named == client_address(found, [], TRUSTED)


@given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1))
def test_one_customer_is_one_caller(address: IPv6Address, host: int) -> None:
    """All addresses of a /64 have one name, unless they stand for IPv4 addresses."""
    neighbour = IPv6Address(int(address) >> 64 << 64 | host)
    if address.ipv4_mapped or neighbour.ipv4_mapped:
        return
    name = client_address(str(address), [], TRUSTED)
    assert client_address(str(neighbour), [], TRUSTED) == name
    assert address in ip_network(name)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_has_one_name_however_it_is_written(address: IPv4Address) -> None:
    """Mapped into IPv6 it is the same caller."""
    assert client_address(str(address), [], TRUSTED) == str(address)
    assert client_address(f"::ffff:{address}", [], TRUSTED) == str(address)


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        ("9.9.9.9:443", "9.9.9.9"),
        (" 9.9.9.9 ", "9.9.9.9"),
        ("[2001:db8::1]:443", "2001:db8::/64"),
        ("[2001:db8::1]", "2001:db8::/64"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::1%eth0", "2001:db8::/64"),
        ("[fe80::1%25eth0]:1", "fe80::/64"),
        ("[::ffff:9.9.9.9]:80", "9.9.9.9"),
        ("9.9.9.9:http", "10.0.0.1"),
        ("9.9.9.9:", "10.0.0.1"),
        ("[2001:db8::1]x", "10.0.0.1"),
        ("[2001:db8::1", "2001:db8::/64"),
        ('"9.9.9.9"', "10.0.0.1"),
        ("", "10.0.0.1"),
        (" , ,", "10.0.0.1"),
        ("8.8.8.8, , 9.9.9.9,", "9.9.9.9"),
        ("9.9.9.9, ::ffff:10.1.1.1", "9.9.9.9"),
        ("10.2.2.2, 10.1.1.1", "10.2.2.2"),
    ],
)
def test_an_entry_is_read_in_every_spelling(entry: str, name: str) -> None:
    """Brackets, ports, zones and empty elements are understood; another form ends the walk."""
    assert client_address("10.0.0.1", [entry], TRUSTED) == name


def test_a_unix_socket_is_trusted_by_name_only() -> None:
    """Its peer has no address: callers through it are one, unless a trusted proxy sits there."""
    assert client_address("", ["9.9.9.9"], TRUSTED) == "9.9.9.9"
    assert client_address("", [], TRUSTED) == LOCAL
    assert client_address("", ["9.9.9.9"], parse_networks("0.0.0.0/0, ::/0")) == LOCAL


def test_a_connection_that_is_gone_is_unknown() -> None:
    """Without a peer nothing is believed: a connection that was reset has no peer either."""
    assert client_address(None, ["9.9.9.9"], TRUSTED) == UNKNOWN


def test_networks_are_read_from_a_list() -> None:
    """Networks, single addresses and `unix` in any spacing; an empty text is an empty list."""
    assert parse_networks(" 10.0.0.0/8,127.0.0.1 ,UNIX,") == TrustedProxies(
        (ip_network("10.0.0.0/8"), ip_network("127.0.0.1/32")), unix=True
    )
    assert parse_networks("") == TrustedProxies()


@pytest.mark.parametrize(
    "text", ["10.0.0.1/8", "proxy.example", "10.0.0.0/33", "*", "10.0.0.0 unix"]
)
def test_a_malformed_network_is_refused(text: str) -> None:
    """A typing error trusts no peer by accident."""
    with pytest.raises(ValueError, match=r"."):
        parse_networks(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("10.0.0.0/8, 192.168.0.0/16, 127.0.0.1, unix", []),
        ("104.16.0.0/13, 130.211.0.0/22, 2400:cb00::/32", []),
        ("fc00::/7, fe80::/10", []),
        ("0.0.0.0/0", ["0.0.0.0/0"]),
        ("::/0", ["::/0"]),
        ("::ffff:0:0/96", ["0.0.0.0/0"]),
        ("0.0.0.0/1, 10.0.0.0/8, 128.0.0.0/1", ["0.0.0.0/0"]),
        ("10.0.0.0/8, 11.0.0.0/8", ["10.0.0.0/7"]),
        ("::/0, 0.0.0.0/0", ["0.0.0.0/0", "::/0"]),
        ("2600::/15, 2000::/16", ["2600::/15"]),
    ],
)
def test_networks_that_hold_clients_too_are_found(text: str, found: list[str]) -> None:
    """Networks of operators and of proxy providers are none of them; halves count together."""
    assert [str(each) for each in parse_networks(text).too_wide] == found


def test_a_network_of_mapped_addresses_is_the_one_that_they_map_to() -> None:
    """A peer's address is compared as IPv4, however the list spells it."""
    assert parse_networks("::ffff:10.0.0.0/104, ::ffff:127.0.0.1") == parse_networks(
        "10.0.0.0/8, 127.0.0.1"
    )
