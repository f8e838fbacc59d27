"""Load on a connect endpoint: callers who ask for credentials and expect them soon.

`locust -f connect.py --host http://127.0.0.1:4011`
"""

from __future__ import annotations

import os
from typing import Any

from arrivals import AT_ONCE, perform
from left_behind import check_loopback, fake_url, report
from locust import FastHttpUser, events, task

PATH = os.environ.get("CONNECT_PATH", "/api/avatar/connect")
AVATAR = os.environ.get("CONNECT_AVATAR", "music-superstar")


@events.test_start.add_listener
def _begin(environment: Any, **_: Any) -> None:
    check_loopback(environment.host or "")
    check_loopback(fake_url())


@events.quitting.add_listener
def _end(environment: Any, **_: Any) -> None:
    if environment.stats.total.num_requests:
        print(report())


class Caller(FastHttpUser):
    """Asks for credentials: the time to READY, and the hand-over."""

    wait_time = AT_ONCE

    @task
    def connect(self) -> None:
        """Ask once."""
        perform(self.environment, self._connect)

    def _connect(self) -> None:
        with self.client.post(
            PATH, json={"avatarId": AVATAR}, name="connect", catch_response=True
        ) as answer:
            if answer.status_code != 200:
                answer.failure(f"{answer.status_code}")
            elif not {"token", "sessionKey"} & set(answer.json() or {}):
                answer.failure("200 without credentials")
