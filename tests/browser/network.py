"""A network of its own for a test, in which there is nothing but loopback.

What runs there cannot have reached anything else: that proves "offline". A thread enters it, and
all that the thread starts belongs to it: sockets, threads, Chromium.
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
SIOCSIFFLAGS = 0x8914
IFF_UP = 1


class NoNetwork(Exception):
    """This process may not make a network. The message says why."""


def alone(main: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """Run `main` on an event loop in a thread that sees a loopback interface and no other.

    Raises:
        NoNetwork: that takes Linux and the right to do so, which root has.
    """
    results: list[Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            _enter()
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
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh14x", b"lo", IFF_UP)
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, request)
