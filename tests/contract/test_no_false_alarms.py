"""The judge finds nothing wrong with correct gateways, in any language.

Gateways in this loop are judged here, on virtual time. Processes are judged in `tests/clients`:
Express, a route handler of Next.js, aiohttp and Starlette with the official SDKs, and our own
command.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from contracts.judge.output import Output
from contracts.judge.situation import Shape
from contracts.judge.situations.catalogue import situations
from contracts.judge.target import is_uuid
from gateway.config import Config
from gateway.flow.credentials import Shape as OurShape
from gateway.web.app import create_app
from tests.contract.judged import MARKER, SECRET, SimulatedJudge, findings, serving
from tests.contract.sdk_gateway import SdkGateway
from tests.contract.small_gateway import PATH, Gateway, Problem, served

DEADLINE_S = 4.0


@asynccontextmanager
async def ours(fake_url: str, shape: Shape) -> AsyncIterator[str]:
    """Serve our own gateway."""
    config = Config(
        base_url=fake_url, secret=SECRET, shape=OurShape(shape.value), deadline_s=DEADLINE_S
    )
    async with serving(create_app(config)) as url:
        yield url + PATH


class Tidy(Gateway):
    """Understands an avatar in spite of white space, capitals, and a list around it."""

    def avatar(self, body: Any) -> str:
        match body:
            case {"avatarId": [avatar]}:
                body = {"avatarId": avatar}
        if isinstance(body, dict) and isinstance(body.get("avatarId"), str):
            body = {"avatarId": body["avatarId"].strip().lower()}
        return super().avatar(body)


class Presets(Gateway):
    """Takes presets alone, as servers do that have a list of them."""

    def avatar(self, body: Any) -> str:
        avatar = super().avatar(body)
        if is_uuid(avatar):
            raise Problem(404, "there is no such avatar")
        return avatar


KINDS = {"ours": None, "small": Gateway, "sdk": SdkGateway, "tidy": Tidy, "presets": Presets}


@pytest.mark.parametrize("shape", Shape, ids=lambda shape: shape.value)
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_nothing_is_wrong_with_a_correct_gateway(kind: type[Gateway] | None, shape: Shape) -> None:
    """Ours, small ones and one with the official Python SDK, in both shapes."""

    def serve(fake_url: str, output: Output) -> AbstractAsyncContextManager[str]:
        if kind is None:
            return ours(fake_url, shape)
        return served(kind, fake_url, SECRET, output, shape=shape, deadline_s=DEADLINE_S)

    report = SimulatedJudge(shape, DEADLINE_S).judge(serve)
    assert findings(report) == {}
    assert [each.requirement.id for each in report.unobserved] == []
    assert report.kept(strict=True)
    assert {each.id for each in situations(DEADLINE_S, MARKER)} == {
        each.situation.id for each in report.observations
    }
