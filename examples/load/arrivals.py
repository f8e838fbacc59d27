"""The two models of load: users who wait for each other's answers, and arrivals that do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent
from locust import constant, events


@events.init_command_line_parser.add_listener
def _options(parser: Any) -> None:
    parser.add_argument(
        "--model",
        choices=["closed", "open"],
        default="closed",
        help="closed: each user begins again when the last one is over. open: each user begins"
        " --arrivals a second, however long they take.",
    )
    parser.add_argument("--arrivals", type=float, default=1.0, help="a second and user, if open")


def perform(environment: Any, work: Callable[[], None]) -> None:
    """Do one piece of work, as the model says."""
    options = environment.parsed_options
    if options.model == "open":
        gevent.spawn(work)
        gevent.sleep(1 / options.arrivals)
    else:
        work()


AT_ONCE = constant(0)
