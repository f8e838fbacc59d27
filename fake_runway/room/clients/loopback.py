"""The one private spot of aioice that the room uses: which addresses it listens on.

aioice gathers every address of a machine except loopback, which is the only one that a fake for
this machine needs, and has no option for that. Its sockets are bound to what its function lists, so
that other text in a description would not help. The function is replaced by one that lists what it
listed before, except within `only_loopback`: a program that uses aiortc itself sees no difference.

Firefox pairs no address of loopback with another one, and has none of loopback itself. So for it
the room listens on this machine's other addresses, too. What others send there fails the checks of
ICE, DTLS and SRTP: the keys are in the descriptions, which take a token.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from aioice import ice

ADDRESS = "127.0.0.1"
LEANS_ON = "get_host_addresses"
"""The function of `aioice.ice` that is no part of its interface."""

Listed = Callable[[bool, bool], list[str]]

_alone, _with_others = object(), object()
_which = ContextVar[object]("what is gathered instead of what aioice lists", default=None)


@contextmanager
def only_loopback(*, and_others: bool = False) -> Iterator[None]:
    """Let what gathers addresses within, also in tasks that start there, find loopback alone.

    Args:
        and_others: and the other IPv4 addresses of this machine.
    """
    if not getattr(ice.get_host_addresses, "finds_loopback", False):
        ice.get_host_addresses = _finding_loopback(ice.get_host_addresses)
    token = _which.set(_with_others if and_others else _alone)
    try:
        yield
    finally:
        _which.reset(token)


def _finding_loopback(original: Listed) -> Callable[..., list[str]]:
    def get_host_addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
        which = _which.get()
        if which is None:
            return original(use_ipv4, use_ipv6)
        return [ADDRESS, *(original(use_ipv4, False) if which is _with_others else ())]

    get_host_addresses.finds_loopback = True  # type: ignore[attr-defined]  # so it is replaced once
    return get_host_addresses
