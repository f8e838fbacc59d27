"""The command line of the gateway."""

import asyncio
import logging
import os
import signal
import sys

import click
from aiohttp import web
from aiohttp.http import HttpProcessingError

from gateway import __version__
from gateway.app import PATH, create_app
from gateway.config import VARIABLES, Config, ConfigError

SHUTDOWN_S = 20.0
_EXIT_USAGE = 2
_EXIT_CANNOT_START = 3


class _NoQuotes(logging.Filter):
    """aiohttp quotes a request that it cannot parse, and that may hold a secret."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], HttpProcessingError):
            record.exc_info = None
        return True


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="runway-gateway")
def main() -> None:
    """The server side of a Runway avatar call.

    A browser posts {"avatarId": ...} to /api/avatar/connect and gets session credentials. Runway's
    API secret stays here.
    """


def _every_variable(command: click.Command) -> click.Command:
    for variable in VARIABLES:
        if variable.field != "secret":
            text = f"{variable.expected[0].upper()}{variable.expected[1:]}. [{variable.name}]"
            option = click.Option([variable.flag, variable.field], help=text)
            command.params.append(option)
    return command


@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    show_default=True,
)
@click.command()
def serve(log_level: str, **flags: str | None) -> None:
    """Serve the gateway.

    Every option can be given as the environment variable behind it; RUNWAYML_API_SECRET has no
    option, because a command line is visible to every user of the machine.

    \b
    Against the fake:
      fake-runway serve &
      RUNWAYML_BASE_URL=http://127.0.0.1:4010 RUNWAYML_API_SECRET=fake.me runway-gateway serve
    """
    try:
        config = Config.read(os.environ, flags)
    except ConfigError as error:
        print(f"runway-gateway: {error}", file=sys.stderr)
        sys.exit(_EXIT_USAGE)
    logging.basicConfig(
        level=log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    logging.getLogger("aiohttp.server").addFilter(_NoQuotes())
    runner = asyncio.Runner(loop_factory=_loop_factory())
    with runner:
        sys.exit(runner.run(_serve(config)))


main.add_command(_every_variable(serve))


async def _serve(config: Config) -> int:
    app = create_app(config)
    runner = web.AppRunner(
        app, access_log=None, handler_cancellation=True, shutdown_timeout=SHUTDOWN_S
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, config.host, config.port)
        try:
            await site.start()
        except OSError as error:
            number = error.errno or 0  # names that do not resolve have a negative one
            reason = os.strerror(number) if number > 0 else str(error)
            print(
                f"runway-gateway: cannot listen on {config.host}:{config.port}: {reason};"
                " choose another with --port",
                file=sys.stderr,
            )
            return _EXIT_CANNOT_START
        port = runner.addresses[0][1]
        host = f"[{config.host}]" if ":" in config.host else config.host
        print(f"gateway: http://{host}:{port}{PATH} -> {config.upstream_host}", flush=True)
        await _stop_signal()
    finally:
        await runner.cleanup()
    return 0


async def _stop_signal() -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    await stopped.wait()
    loop.remove_signal_handler(signal.SIGINT)  # a second Ctrl-C ends it at once


def _loop_factory() -> "type[asyncio.AbstractEventLoop] | None":
    """Return uvloop where it is installed."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.Loop
