"""Load by those who create tasks and poll them until they are over, as the official SDKs do.

`locust -f tasks.py --host http://127.0.0.1:4010`
"""

from __future__ import annotations

import os
import time
from typing import Any

import gevent
from arrivals import AT_ONCE, perform
from left_behind import check_loopback, fake_url, report, secret
from locust import FastHttpUser, events, task

POLL_S = float(os.environ.get("POLL_S", "5"))
BODY = {"model": "gen4_image", "promptText": "a lighthouse", "ratio": "1920:1080"}
OVER = frozenset({"SUCCEEDED", "FAILED", "CANCELLED"})


@events.test_start.add_listener
def _begin(environment: Any, **_: Any) -> None:
    check_loopback(environment.host or "")
    check_loopback(fake_url())


@events.quitting.add_listener
def _end(environment: Any, **_: Any) -> None:
    if environment.stats.total.num_requests:
        print(report())


class Poller(FastHttpUser):
    """Creates a task and polls it to its end."""

    wait_time = AT_ONCE

    @task
    def generate(self) -> None:
        """Make one picture."""
        perform(self.environment, self._generate)

    def _generate(self) -> None:
        begun = time.perf_counter()
        headers = {"Authorization": f"Bearer {secret()}", "X-Runway-Version": "2024-11-06"}
        created = self.client.post("/v1/text_to_image", json=BODY, headers=headers, name="create")
        if created.status_code != 200:
            return
        path, status = f"/v1/tasks/{created.json()['id']}", ""
        while status not in OVER:
            gevent.sleep(POLL_S)
            polled = self.client.get(path, headers=headers, name="poll")
            if polled.status_code != 200:
                return
            status = polled.json()["status"]
        self.environment.events.request.fire(
            request_type="task",
            name=f"until {status}",
            response_time=(time.perf_counter() - begun) * 1_000,
            response_length=0,
            exception=None,
            context={},
        )
