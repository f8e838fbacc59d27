"""An interception from its beginning to its end; nothing that anybody trusts is left behind."""

import os
import shutil
import ssl
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from fake_runway.clock import wall_clock
from fake_runway.intercept.authority import Authority
from fake_runway.intercept.hosts import Intercepted
from fake_runway.intercept.tunnel import Tunnel
from fake_runway.intercept.variables import (
    BUNDLES,
    HOSTS,
    Found,
    replaced,
    upstream,
    variables,
)
from fake_runway.server.app import FakeApp

_HOOKS = Path(__file__).parent / "hooks"


@dataclass(frozen=True)
class Interception:
    """An interception that goes on.

    Attributes:
        variables: what a program needs beside its own environment.
        served: what answers Runway's hosts.
    """

    variables: Mapping[str, str]
    served: Intercepted


@asynccontextmanager
async def intercepting(
    app: FakeApp,
    url: str,
    *,
    world: str | None,
    secret: str,
    inherited: Mapping[str, str],
    offline: bool,
    refused: Callable[[str], None],
) -> AsyncIterator[Interception]:
    """Serve Runway's hosts by a fake until the block ends.

    Args:
        app, url, world, secret: as of `Intercepted`.
        inherited: the environment that programs would have without us.
        offline, refused: as of `Tunnel`.
    """
    authority = Authority(HOSTS, wall_clock())
    served = Intercepted(app, url, world, secret)
    proxy, no_proxy = upstream(inherited)
    folder = Path(tempfile.mkdtemp(prefix="fake-runway-"))
    try:
        async with served.serving(authority.context()) as tls_port:
            tunnel = Tunnel(
                tls_port, proxy=proxy, no_proxy=no_proxy, offline=offline, refused=refused
            )
            async with tunnel.serving() as proxy_port:
                certificate = folder / "authority.pem"
                certificate.write_text(authority.certificate)
                found = Found(
                    proxy_port=proxy_port,
                    tls_port=tls_port,
                    certificate=str(certificate),
                    bundles=_bundles(folder, authority.certificate, inherited),
                    python=str(_HOOKS),
                    node=str(_HOOKS / "node.cjs"),
                    offline=offline,
                )
                yield Interception(variables(inherited, found, os.pathsep), served)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def serving_hosts(
    app: FakeApp, url: str, *, secret: str, host: str, port: int, authority: Path
) -> AsyncIterator[int]:
    """Serve Runway's hosts by TLS on a port, for clients that reach it by those names.

    Each call is in the world of its own secret.

    Args:
        app, url, secret: as of `Intercepted`.
        authority: the file with what those clients have to trust, while the block lasts.

    Raises:
        PortTaken: nothing can be served there.
        OSError: the file cannot be written.
    """
    own = Authority(HOSTS, wall_clock())
    hosts = Intercepted(app, url, None, secret, by_name=True)
    async with hosts.serving(own.context(), host, port) as served:
        with _written(authority, own.certificate):
            yield served


@contextmanager
def _written(file: Path, text: str) -> Iterator[None]:
    """Keep a file, which is there whole or not at all, until the block ends."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    beside.write_text(text)
    beside.replace(file)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def _bundles(folder: Path, certificate: str, inherited: Mapping[str, str]) -> dict[str, str]:
    """Write the files that clients trust: what each has trusted, and the authority of the run."""
    usual, bundles = _usual(), {}
    for name in BUNDLES:
        trusted = ""
        if file := replaced(name, inherited, usual):
            try:
                trusted = Path(file).read_text()
            except (OSError, UnicodeDecodeError):
                trusted = ""  # a folder, or none: the client itself would complain without us
        target = folder / f"{name.lower()}.pem"
        target.write_text(f"{trusted.rstrip()}\n{certificate}".lstrip())
        bundles[name] = str(target)
    return bundles


def _usual() -> str:
    """Return the file with what is trusted on this machine; empty: there is none."""
    found = ssl.get_default_verify_paths().cafile
    if found and Path(found).is_file():
        return found
    try:
        import certifi
    except ImportError:
        return ""
    return certifi.where()
