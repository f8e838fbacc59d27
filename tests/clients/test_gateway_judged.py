"""Our gateway keeps the whole contract, SHOULD included, with every feature on.

The commands are the real ones: `runway-contracts check` starts `runway-gateway serve`, plays its
situations with a caller's signed token, and writes a report.
"""

import asyncio
import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest

from contracts.judge.situation import Shape
from tests.clients.judged import TakePort
from tests.clients.processes import environment, running
from tests.support.gateway.redis_server import redis_server

TIMEOUT_S = 4.0
pytestmark = pytest.mark.alone

JWT_SECRET = "planted-jwt-secret-of-32-bytes-or-more"
ON = {
    "GATEWAY_AUTH": "jwt",
    "GATEWAY_JWT_SECRET": JWT_SECRET,
    "GATEWAY_RATE_LIMIT": "5000/minute;50000/day",
    "GATEWAY_IN_FLIGHT_LIMIT": "1000",
    "GATEWAY_RATE_LIMIT_OUTAGE": "open",  # Redis may seem lost for a second on a busy machine
    "GATEWAY_LOG_FORMAT": "json",
    "GATEWAY_METRICS": "on",
    "GATEWAY_CORS_ORIGINS": "https://app.example.com",
    "GATEWAY_OPTIONS": "personality,startScript,tools,maxDuration",
}


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of a run of the judge."""

    code: int
    counts: dict[str, int]
    errors: str


def signed(secret: str) -> str:
    """Return a caller's token that is good for an hour."""
    claims = {"sub": "judge", "exp": datetime.now(UTC) + timedelta(hours=1)}
    return jwt.encode(claims, secret, algorithm="HS256")


async def judge(
    shape: Shape, folder: Path, port: int, *, token: str, profile: str = "full", **variables: str
) -> CheckResult:
    """Judge `runway-gateway serve`, configured by variables, with a caller's token."""
    options = (f"--shape={shape.value}", f"--deadline={TIMEOUT_S:g}", f"--port={port}")
    serve = (sys.executable, "-m", "gateway", "serve", "--log-level=debug", *options)
    report = folder / f"{shape.value}.json"
    check = (
        *("check", "--strict", f"--profile={profile}", f"--shape={shape.value}"),
        "--skip=unexpected.options",  # which it offers
        f"--timeout={TIMEOUT_S:g}",
        *("--header", f"Authorization: Bearer {token}", "--report", f"json={report}"),
        f"--target=http://127.0.0.1:{port}/api/avatar/connect",
    )
    command = (sys.executable, "-m", "contracts", *check, "--", *serve)
    errors = folder / f"{shape.value}.stderr"
    async with running(command, errors=errors, env=environment("", **variables)) as program:
        assert program.process.stdout is not None
        await program.process.stdout.read()
        code = await program.process.wait()
    counts = json.loads(report.read_text())["summary"]
    return CheckResult(code, counts, errors.read_text())


async def test_nothing_is_wrong_with_everything_on(tmp_path: Path, take_port: TakePort) -> None:
    """Tokens, limits (here in Redis, there in process), logs, metrics, CORS, options: no finding.

    Both shapes are judged side by side.
    """
    token = signed(JWT_SECRET)
    with redis_server() as redis:
        storage = {"GATEWAY_RATE_LIMIT_STORAGE": redis.url}
        verdicts = await asyncio.gather(
            judge(Shape.CREDENTIALS, tmp_path, take_port(), token=token, **ON, **storage),
            judge(Shape.SESSION_KEY, tmp_path, take_port(), token=token, **ON),
        )
    for verdict in verdicts:
        broken = {name: verdict.counts[name] for name in ("failed", "errors")}
        assert (verdict.code, broken) == (0, {"failed": 0, "errors": 0}), verdict.errors
        assert verdict.counts["passed"] > verdict.counts["skipped"]  # what others are asked


async def test_the_judge_sees_that_no_caller_gets_in(tmp_path: Path, take_port: TakePort) -> None:
    """With a token that the gateway rejects, nothing is judged, and the first line says why."""
    token = signed(f"another-{JWT_SECRET}")
    verdict = await judge(
        Shape.CREDENTIALS, tmp_path, take_port(), token=token, profile="quick", **ON
    )
    assert verdict.code == 3
    assert (verdict.counts["passed"], verdict.counts["failed_must"]) == (0, 0)
    assert verdict.counts["not_observed"] > 0
