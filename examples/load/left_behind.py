"""What a load test has left behind at the fake, from its admin API."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

import requests

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def fake_url() -> str:
    """Return where the fake is, from RUNWAYML_BASE_URL."""
    return os.environ.get("RUNWAYML_BASE_URL", "http://127.0.0.1:4010").rstrip("/")


def secret() -> str:
    """Return the API secret of the world that is measured, from RUNWAYML_API_SECRET."""
    return os.environ.get("RUNWAYML_API_SECRET", "offline")


def check_loopback(url: str) -> None:
    """Refuse to put load on another machine, unless LOAD_ANYWHERE says that it is meant.

    Raises:
        SystemExit: it is not of this machine.
    """
    if urlsplit(url).hostname not in LOOPBACK and not os.environ.get("LOAD_ANYWHERE"):
        raise SystemExit(f"expected an address of this machine, got {url}: set LOAD_ANYWHERE=1")


def _get(path: str) -> Any:
    headers = {"Authorization": f"Bearer {secret()}"}
    answer = requests.get(f"{fake_url()}/__admin{path}", headers=headers, timeout=60)
    answer.raise_for_status()
    return answer.json()


def report() -> str:
    """Return what is left in the world: sessions and tasks by state, credits, findings."""
    sessions = Counter(each["state"] for each in _get("/sessions?limit=100000")["sessions"])
    tasks = Counter(each["state"] for each in _get("/tasks?limit=100000")["tasks"])
    findings = Counter(each["id"] for each in _get("/findings")["findings"])
    spent = _get("/credits")["spent"]
    lines = ["left behind at the fake:"]
    for name, counts in (("sessions", sessions), ("tasks", tasks), ("findings", findings)):
        shown = ", ".join(f"{count} {what}" for what, count in counts.most_common())
        lines.append(f"  {name}: {shown or 'none'}")
    active = sum(sessions[state] for state in ("queued", "provisioning", "ready", "running"))
    lines.append(f"  live sessions, which cost credits: {active}; credits spent: {spent}")
    return "\n".join(lines)
