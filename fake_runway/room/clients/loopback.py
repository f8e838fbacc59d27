"""The one private spot of aioice that the room uses: which addresses it listens on.

aioice gathers every address of a machine except loopback, which is the only one that a fake for
this machine needs, and has no option for that. Its sockets are bound to what its function lists, so
that other text in a description would not help. The function is replaced by one that lists what it
listed before, except within `only_loopback`: a program that uses aiortc itself sees no difference.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from aioice import ice

ADDRESS = "127.0.0.1"
LEANS_ON = "get_host_addresses"
"""The function of `aioice.ice` that is no part of its interface."""

_only = ContextVar("only loopback addresses are gathered", default=False)


@contextmanager
def only_loopback() -> Iterator[None]:
    """Let what gathers addresses within, also in tasks that start there, find loopback alone."""
    if not getattr(ice.get_host_addresses, "finds_loopback", False):
        ice.get_host_addresses = _finding_loopback(ice.get_host_addresses)
    token = _only.set(True)
    try:
        yield
    finally:
        _only.reset(token)


def _finding_loopback(original: Callable[[bool, bool], list[str]]) -> Callable[..., list[str]]:
    def get_host_addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
        return [ADDRESS] if _only.get() else original(use_ipv4, use_ipv6)

    get_host_addresses.finds_loopback = True  # type: ignore[attr-defined]  # so it is replaced once
    return get_host_addresses
