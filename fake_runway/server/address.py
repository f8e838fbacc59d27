"""Where a server listens: its URL, its port as an option, and the error when it cannot.

Apart from `serving.py`, because the commands that serve nothing need no aiohttp.
"""

import errno
import os

import click

PORT = click.IntRange(0, 65_535)


class PortTaken(Exception):
    """The address cannot be listened on. The message is one line for people.

    Attributes:
        part: the option that is wrong: "port", "host" or another one's.
    """

    def __init__(
        self, host: str, port: int, error: OSError | UnicodeError, *, part: str = ""
    ) -> None:
        number = getattr(error, "errno", 0) or 0  # names that do not resolve have a negative one
        reason = os.strerror(number) if number > 0 else getattr(error, "strerror", None) or error
        super().__init__(f"cannot listen on {host}:{port}: {reason}")
        self.part = part or ("port" if number in (errno.EADDRINUSE, errno.EACCES) else "host")


def url_of(host: str, port: int) -> str:
    """Return the URL of a server; an IPv6 address wants brackets there."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def reachable(url: str) -> str:
    """Return the URL of a server for pasting: one that listens everywhere is here as well."""
    return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
