"""A network of its own for a test, in which there is nothing but loopback.

What runs there cannot have reached anything else: that proves "offline". A thread enters it, and
all that the thread starts belongs to it: sockets, threads, Chromium.

LiveKit's native clients take no address of loopback. For them there can be a pair of interfaces
that are connected to each other alone. They have to run in processes of their own: the threads of
LiveKit's library stay in the network in which they began, as long as their process lives.
"""

import asyncio
import ctypes
import fcntl
import os
import socket
import struct
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")

CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS, SIOCSIFADDR, SIOCSIFNETMASK = 0x8914, 0x8916, 0x891C
IFF_UP = 1
RTM_NEWLINK = 16
NLM_F_REQUEST, NLM_F_ACK, NLM_F_EXCL, NLM_F_CREATE = 0x1, 0x4, 0x200, 0x400
IFLA_IFNAME, IFLA_LINKINFO, IFLA_INFO_KIND, IFLA_INFO_DATA, VETH_INFO_PEER = 3, 18, 1, 2, 1
PAIR = ("near", "far")
ADDRESS, NETMASK = "10.99.0.1", "255.255.255.0"


class NoNetwork(Exception):
    """This process may not make a network. The message says why."""


def alone(main: Callable[[], Coroutine[Any, Any, Result]], *, paired: bool = False) -> Result:
    """Run `main` on an event loop in a thread that sees a loopback interface and no other.

    Args:
        paired: it sees two more, which are connected to each other.

    Raises:
        NoNetwork: that takes Linux and the right to do so, which root has.
    """
    results: list[Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            _enter()
            if paired:
                _connect_pair()
            results.append(asyncio.run(main()))
        except BaseException as error:  # raised again in the thread that waits
            errors.append(error)

    thread = threading.Thread(target=run, name="alone")
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def interfaces() -> list[str]:
    """Return the names of the interfaces that this thread sees."""
    return [name for _, name in socket.if_nameindex()]


def _enter() -> None:
    if sys.platform != "linux":
        raise NoNetwork(f"needs Linux, got {sys.platform}")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        raise NoNetwork(os.strerror(ctypes.get_errno()))
    _bring_up("lo")


def _bring_up(name: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", name.encode(), IFF_UP))


def _connect_pair() -> None:
    """Make two interfaces, of which the first has an address.

    Raises:
        NoNetwork: the kernel makes none.
    """
    near, far = PAIR
    header = bytes(16)  # a struct ifinfomsg without wishes
    peer = header + _attribute(IFLA_IFNAME, far.encode() + b"\0")
    kind = _attribute(IFLA_INFO_KIND, b"veth\0")
    data = _attribute(IFLA_INFO_DATA, _attribute(VETH_INFO_PEER, peer))
    name = _attribute(IFLA_IFNAME, near.encode() + b"\0")
    body = header + name + _attribute(IFLA_LINKINFO, kind + data)
    flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as netlink:
        netlink.send(struct.pack("=IHHII", 16 + len(body), RTM_NEWLINK, flags, 1, 0) + body)
        (error,) = struct.unpack_from("=i", netlink.recv(4_096), 16)
    if error:
        raise NoNetwork(os.strerror(-error))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        for request, text in ((SIOCSIFADDR, ADDRESS), (SIOCSIFNETMASK, NETMASK)):
            value = socket.inet_aton(text)
            asked = struct.pack("16sH2x4s8x", near.encode(), socket.AF_INET, value)
            fcntl.ioctl(any_socket, request, asked)
    for each in PAIR:
        _bring_up(each)


def _attribute(kind: int, value: bytes) -> bytes:
    """Return an attribute of a netlink message, padded."""
    length = 4 + len(value)
    return struct.pack("=HH", length, kind) + value + bytes(-length % 4)
