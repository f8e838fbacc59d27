"""Endpoints of any form are judged: correct ones without a finding, and no evidence is mixed up."""

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any
from unittest.mock import patch

import pytest
from aiohttp import web

from contracts.judge.fake import ANY_AVATAR, connected
from contracts.judge.instance import Instance
from contracts.judge.output import Output
from contracts.judge.requirements import REQUIREMENTS
from contracts.judge.run import RunOptions
from contracts.judge.runner import PRESETS, Runner
from contracts.judge.situation import Shape
from contracts.judge.target import Target
from contracts.judge.verdict import Outcome, Report
from fake_runway.clock import loop_time_as_wall_clock
from tests.contract.judged import MEDIA_URL, fake_served, findings
from tests.contract.small_gateway import Gateway, Problem, served
from tests.support.simulation import simulate

DEADLINE_S = 3.0
Form = Callable[[str], Target]


class ChoosesTheAvatar(Gateway):
    """Reads no body, and always asks for the same avatar."""

    async def body(self, request: web.Request) -> Any:
        return None

    def avatar(self, body: Any) -> str:
        return "cat-character"


class ByGet(Gateway):
    """Takes the avatar from the query."""

    method = "GET"

    async def body(self, request: web.Request) -> Any:
        return {"avatarId": request.query.get("who")}


class OtherKeys(Gateway):
    """Takes custom avatars under a key of their own, and answers with names of its own."""

    def avatar(self, body: Any) -> str:
        if isinstance(body, dict) and "customAvatarId" in body:
            avatar = super().avatar({"avatarId": body["customAvatarId"]})
            if avatar in PRESETS:
                raise Problem(400, "a preset is no custom avatar")
            return avatar
        avatar = super().avatar(
            {"avatarId": body.get("character")} if isinstance(body, dict) else body
        )
        if avatar not in PRESETS:
            raise Problem(400, "no such character")
        return avatar

    def success(self, answer: Mapping[str, Any]) -> web.Response:
        names = {"serverUrl": "url", "roomName": "room"}
        session = answer["sessionId"]
        rest = {names.get(key, key): value for key, value in answer.items() if key != "sessionId"}
        return web.json_response({"data": {"session": {"id": session}, "livekit": rest}})


FORMS: Mapping[type[Gateway], Form] = {
    ChoosesTheAvatar: lambda url: Target(url, template="{}"),
    ByGet: lambda url: Target(f"{url}?who=$AVATAR", method="GET"),
    OtherKeys: lambda url: Target(
        url,
        template='{"character": "$AVATAR"}',
        custom_template='{"customAvatarId": "$AVATAR"}',
        names={
            "sessionId": "data.session.id",
            "serverUrl": "data.livekit.url",
            "token": "data.livekit.token",
            "roomName": "data.livekit.room",
        },
    ),
}


def judged(
    kind: type[Gateway], form: Form, *families: str, instances: int = 1, **options: Any
) -> tuple[Report, Runner]:
    """Judge so many instances of a gateway, each with a world of its own, on virtual time.

    In the situations that some families of requirements are about; without any: in all.
    """
    run = RunOptions(
        timeout_s=DEADLINE_S,
        shape=Shape.CREDENTIALS,
        requirements=[each for each in REQUIREMENTS if not families or each.family in families],
        instances=instances,
        **options,
    )

    async def main() -> tuple[Report, Runner]:
        with patch("time.time", loop_time_as_wall_clock()):  # which the judge and the fake read
            async with AsyncExitStack() as stack:
                fake_url = await stack.enter_async_context(fake_served())
                first = await stack.enter_async_context(connected(fake_url, run.api_secret))
                each = []
                for number in range(instances):
                    output, fake = Output(), first.of(run.secret_of(number))
                    serving = served(
                        kind,
                        fake_url,
                        fake.secret,
                        output,
                        shape=Shape.CREDENTIALS,
                        deadline_s=DEADLINE_S,
                    )
                    target = form(await stack.enter_async_context(serving))
                    await fake.begin(run.custom_avatars(target))
                    avatars = run.avatars if target.takes_avatar else (ANY_AVATAR,)
                    instance = Instance(target, fake, avatars, output)
                    each.append(await stack.enter_async_context(instance.running()))
                runner = Runner(run.plan(MEDIA_URL, each[0].target), each, lambda event: None)
                return await runner.run(), runner

    return simulate(main())


@pytest.mark.parametrize("kind", FORMS, ids=lambda kind: kind.__name__)
def test_a_correct_endpoint_of_any_form_has_no_finding(kind: type[Gateway]) -> None:
    """Every situation that has a meaning for it is played, and connects succeed."""
    report, runner = judged(kind, FORMS[kind])
    assert findings(report) == {}
    assert not report.not_exercised
    assert {each.situation.id for each in report.observations} == {
        each.id for each in runner.plan.situations
    }
    assert [each.requirement.id for each in report.verdicts if each.outcome is Outcome.PASS]


def test_wrong_avatars_are_not_applicable_to_an_endpoint_that_takes_none() -> None:
    """The reason is named; nothing of it is called unobserved."""
    report, _ = judged(ChoosesTheAvatar, FORMS[ChoosesTheAvatar], "request")
    outcomes = {each.requirement.id: each for each in report.verdicts}
    for id_ in ("request.missing-avatar", "request.wrong-type", "request.custom-avatar"):
        if id_ in outcomes:
            assert outcomes[id_].outcome is Outcome.SKIP
            assert outcomes[id_].reason == "the endpoint chooses the avatar itself"
    assert report.unobserved == []


def test_every_wrong_avatar_that_an_address_can_hold_is_sent_by_get() -> None:
    """Text is sent in the query; other types and bodies have no meaning there."""
    report, _ = judged(ByGet, FORMS[ByGet], "request")
    sent = {each.situation.id: each.answer.sent for each in report.observations}
    assert sent["unknown-preset"] == "?who=no-such-avatar"
    assert sent["no-avatar"] == "?who="
    assert {"avatar-number", "bad-json", "big-body"}.isdisjoint(sent)


@pytest.mark.parametrize("kind", [ChoosesTheAvatar, OtherKeys], ids=lambda kind: kind.__name__)
def test_instances_side_by_side_find_the_same_sooner(kind: type[Gateway]) -> None:
    """Four of a target with one avatar: the same verdicts, in less than half of the time."""
    families, avatars = ("state", "terminal"), ("cat-character",)
    one, _ = judged(kind, FORMS[kind], *families, avatars=avatars)
    four, runner = judged(kind, FORMS[kind], *families, avatars=avatars, instances=4)
    assert [(each.requirement.id, each.outcome) for each in four.verdicts] == [
        (each.requirement.id, each.outcome) for each in one.verdicts
    ]
    assert four.took_s < one.took_s / 2
    assert len({each.fake.secret for each in runner.instances}) == 4


class MixesSessionsUp(ChoosesTheAvatar):
    """Hands out the session of the call before."""

    before: Mapping[str, Any] | None = None

    def success(self, answer: Mapping[str, Any]) -> web.Response:
        self.before, answer = answer, self.before or answer
        return super().success(answer)


def test_a_broken_endpoint_that_chooses_the_avatar_is_caught() -> None:
    """What happened in its world belongs to the one situation that was under way."""
    report, _ = judged(MixesSessionsUp, FORMS[ChoosesTheAvatar], "shape")
    assert "shape.session-id" in findings(report)
