"""The command line of the gateway."""

import asyncio
import gc
import http.client
import logging
import os
import signal
import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import NoReturn
from urllib.parse import SplitResult, urlsplit

import click
from aiohttp import web

from gateway.access.settings import Mode, is_loopback
from gateway.config import SETTINGS, Config, ConfigError, Tls, own_url, unknown
from gateway.flow.avatars import PRESETS
from gateway.readiness import ENDS_IN_V1, ends_in_v1
from gateway.telemetry.logs import setup_logging
from gateway.telemetry.tracing import secret_headers, tracing
from gateway.web.app import HEALTH, PATH, create_app
from gateway.web.server import GatewayRunner

ANSWERED_S = 20.0  # for answers that are being written when all connects have ended
HEALTH_S, LONGEST_HEALTH_S = 3.0, 86_400.0
GC_EVERY = 10_000  # new objects; with Python's 700 the search for cycles is 6 % of a connect
BACKLOG = 4096  # connections of a burst wait to be accepted, and are not refused
_EXIT_UNHEALTHY = 1
_EXIT_USAGE = 2
_EXIT_CANNOT_START = 3

_log = logging.getLogger("gateway")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="fake-runway", prog_name="runway-gateway")
def main() -> None:
    """The server side of a Runway avatar call.

    A browser posts {"avatarId": ...} to /api/avatar/connect and gets session credentials. Runway's
    API secret stays here.
    """


def _with_settings(command: click.Command) -> click.Command:
    for each in SETTINGS:
        if not each.secret:
            sentence = f"{each.expected[0].upper()}{each.expected[1:]}."
            text = f"{sentence} [{each.variable}; default: {each.default or '(none)'}]"
            option = click.Option([each.flag, each.key], help=text, show_default=False)
            command.params.append(option)
    secret = ", ".join(each.variable for each in SETTINGS if each.secret)
    command.epilog = (
        "Secrets have a variable and no option, because a command line is visible to every user of"
        f" the machine: {secret}."
    )
    return command


@_with_settings
@main.command()
@click.option("--check", is_flag=True, help="Check the configuration, and end.")
def serve(check: bool, **flags: str | None) -> None:
    """Serve the gateway.

    Every option can be given as the environment variable behind it. docs/gateway.md has all of
    them in a table.

    \b
    Against the fake:
      fake-runway serve &
      RUNWAYML_BASE_URL=http://127.0.0.1:4010 RUNWAYML_API_SECRET=offline runway-gateway serve
    """
    try:
        config = Config.read(os.environ, flags)
    except ConfigError as error:
        _fail(str(error), _EXIT_USAGE)
    tls = _tls(config.tls)
    for sentence in unknown(os.environ):
        print(f"runway-gateway: {sentence}", file=sys.stderr)
    if check:
        for sentence in _warnings(config):
            print(f"runway-gateway: {sentence}", file=sys.stderr)
        print(f"the configuration is good; sessions will come from {config.upstream_host}")
        return
    secrets = (*config.secrets, *secret_headers(os.environ))
    setup_logging(config.log_level, config.log_format, secrets)
    for sentence in _warnings(config):
        _log.warning("%s", sentence)
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None
    with suppress(ImportError):  # on platforms that it does not support
        import uvloop

        loop_factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        sys.exit(runner.run(_serve(config, tls)))


def _timeout(_context: click.Context, _option: click.Parameter, text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= LONGEST_HEALTH_S:
        raise click.BadParameter(
            f"expected a number of seconds, more than 0, at most {LONGEST_HEALTH_S:g}: got {text!r}"
        )
    return seconds


@main.command()
@click.option(
    "--url",
    help="Of the gateway. [default: where the environment has it listen, on this machine]",
)
@click.option(
    "--timeout",
    "timeout_s",
    type=str,
    metavar="SECONDS",
    callback=_timeout,
    default=HEALTH_S,
    show_default=True,
    help="Seconds without a byte after which the gateway counts as dead.",
)
def health(url: str | None, timeout_s: float) -> None:
    """Check that a running gateway is alive: exit code 0 if it is, 1 if not.

    For health checks in containers, which have no curl. A certificate is not checked: it is made
    for the gateway's public name.
    """
    try:
        status = _status(urlsplit(url or own_url(os.environ, HEALTH)), timeout_s)
    except ConfigError as error:
        _fail(str(error), _EXIT_USAGE)
    except (OSError, ValueError, http.client.HTTPException) as error:
        _fail(f"no answer: {error}", _EXIT_UNHEALTHY)
    if status != 200:
        _fail(f"expected 200, got {status}", _EXIT_UNHEALTHY)


def _status(url: SplitResult, timeout_s: float) -> int:
    host = url.hostname or ""
    if url.scheme == "https":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            host, url.port, timeout=timeout_s, context=context
        )
    elif url.scheme == "http":
        connection = http.client.HTTPConnection(host, url.port, timeout=timeout_s)
    else:
        raise ValueError("expected an http(s) URL")
    connection.request("GET", url.path or HEALTH)
    return connection.getresponse().status


def _fail(text: str, code: int) -> NoReturn:
    print(f"runway-gateway: {text}", file=sys.stderr)
    sys.exit(code)


def _tls(files: Tls) -> ssl.SSLContext | None:
    if not files.cert:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(files.cert, files.key, password="")  # never ask for one
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        _fail(_misfit(files, getattr(error, "reason", None)), _EXIT_USAGE)
    return context


def _misfit(files: Tls, reason: str | None) -> str:
    """Return which of the files is wrong, which OpenSSL does not report."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(files.cert)
    except (OSError, ValueError):
        expected = "expected a PEM file with the certificate chain"
        return f"GATEWAY_TLS_CERT_FILE: {expected}: {files.cert!r} holds no certificate"
    why = f" ({reason.lower().replace('_', ' ')})" if reason else ""
    expected = f"expected a PEM file with the key of {files.cert!r}, unencrypted"
    return f"GATEWAY_TLS_KEY_FILE: {expected}: {files.key!r} does not fit{why}"


def _warnings(config: Config) -> Iterator[str]:
    """Yield the risks of a configuration, each with what to do about it."""
    unlimited = config.auth.mode is Mode.NONE and not config.limits.rates
    if unlimited and not is_loopback(config.host):
        yield (
            f"every client that reaches {config.host} can start sessions that you pay for, without"
            " limit: set GATEWAY_AUTH or GATEWAY_RATE_LIMIT"
        )
    if ends_in_v1(config.base_url):
        yield f"RUNWAYML_BASE_URL {ENDS_IN_V1}"
    upstream = urlsplit(config.base_url)
    if upstream.scheme == "http" and not is_loopback(upstream.hostname or ""):
        yield f"the API secret travels in clear text to {config.upstream_host}: use https"
    if too_wide := config.trusted.too_wide:
        yield (
            f"GATEWAY_TRUSTED_PROXIES: {', '.join(map(str, too_wide))}: any client there chooses"
            " the address that it is counted and logged by: list your proxies' networks alone"
        )
    auth = config.auth
    if (auth.jwks_url or auth.jwt_public_key) and not (auth.issuer or auth.audience):
        yield (
            "every token that is signed with the provider's key and has no aud is accepted, for"
            " whatever service it was made: set GATEWAY_JWT_ISSUER and GATEWAY_JWT_AUDIENCE"
        )
    if unknown_avatars := config.avatars.unknown:
        yield (
            f"GATEWAY_AVATARS: {', '.join(unknown_avatars)}: neither a preset known to this version"
            f" ({', '.join(PRESETS)}) nor a UUID"
        )


async def _serve(config: Config, tls: ssl.SSLContext | None) -> int:
    stopped = _stopped()  # before the first connect: a signal must never cut one off
    app = create_app(config, tracing=tracing(os.environ))
    runner = GatewayRunner(app, shutdown_timeout=ANSWERED_S)
    await runner.setup()
    try:
        site = web.TCPSite(runner, config.host, config.port, ssl_context=tls, backlog=BACKLOG)
        try:
            await site.start()
        except (OSError, UnicodeError) as error:
            number = getattr(error, "errno", 0) or 0  # negative for names that do not resolve
            reason = os.strerror(number) if number > 0 else str(error)
            option = "--port" if number > 0 else "--host"
            where = f"{config.host}:{config.port}"
            print(
                f"runway-gateway: cannot listen on {where}: {reason}; choose another with {option}",
                file=sys.stderr,
            )
            return _EXIT_CANNOT_START
        port = runner.addresses[0][1]
        host = f"[{config.host}]" if ":" in config.host else config.host
        scheme = "https" if tls else "http"
        print(f"gateway: {scheme}://{host}:{port}{PATH} -> {config.upstream_host}", flush=True)
        gc.set_threshold(GC_EVERY)
        await stopped.wait()
        asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)  # a second Ctrl-C kills
        _log.info("stopping: connects in flight have %g s", config.grace_s)
    finally:
        await runner.cleanup()
    return 0


def _stopped() -> asyncio.Event:
    """Return an event that the first SIGINT, SIGTERM or SIGHUP from now on sets."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    numbers = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)  # a terminal was closed, and not by way of nohup
    for number in numbers:
        loop.add_signal_handler(number, stopped.set)
    return stopped


def _show_defaults(command: click.Command) -> None:
    """Let the help of a command and of those below it name the default of every option."""
    for option in command.params:
        if isinstance(option, click.Option) and not option.is_flag and not option.required:
            unsaid = option.show_default is None and "[default: " not in (option.help or "")
            if unsaid:
                has_one = option.to_info_dict()["default"] is not None
                option.show_default = True if has_one else "none"
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        _show_defaults(inner)


_show_defaults(main)
