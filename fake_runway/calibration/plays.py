"""The smallest set of calls that tells the settings of an endpoint apart, made one after another.

Each play says before it begins what it may cost at most; what the allowance does not cover is left
out, and said. Whatever ends a play, sessions and tasks that it made are cancelled.
"""

from collections.abc import Callable, Sequence
from typing import Any

from fake_runway.calibration.asset_plays import ASSET_PLAYS
from fake_runway.calibration.endpoint import INVENTED, Endpoint, EndpointFailed
from fake_runway.calibration.file_plays import EXPIRING, FILE_PLAYS, INPUTS
from fake_runway.calibration.history import (
    AVATARS,
    ORGANIZATION,
    SESSIONS,
    TASKS,
    is_refused_secret,
)
from fake_runway.calibration.play import Play
from fake_runway.calibration.routing_plays import ROUTING_PLAYS, RUN_PLAYS
from fake_runway.calibration.rules import (
    BLOCK_S,
    CREATE_COSTS,
    CREDITS_OF_A_BLOCK,
    UNKNOWN_CURSOR,
    UNKNOWN_KEY,
    UNKNOWN_TAG,
)

_PRESET = {"type": "runway-preset", "presetId": "music-superstar"}
_INVENTED_AVATAR, _INVENTED_SESSION = INVENTED
_TASK = ("/v1/text_to_image", {"model": "gen4_image", "ratio": "720:720", "promptText": "A cat"})
_TASK_COSTS = 5
_OVER = ("COMPLETED", "FAILED", "CANCELLED", "SUCCEEDED")


def create_body(**more: object) -> dict[str, Any]:
    """Return the body of a create that every account can make."""
    return {"model": "gwm1_avatars", "avatar": _PRESET, **more}


async def _look(endpoint: Endpoint) -> None:
    """Ask what costs nothing: limits, lists, and what is refused."""
    first = await endpoint.call("GET", ORGANIZATION)
    if first.status in (401, 403):
        return
    if first.status == 404 and not first.error:
        raise EndpointFailed(f"{first.words()}: expected a Runway API at this base URL")
    await endpoint.call("GET", AVATARS)
    await endpoint.call("GET", f"{AVATARS}?limit=1&cursor={UNKNOWN_CURSOR}")
    await endpoint.call("GET", ORGANIZATION, versioned=False)
    await endpoint.call("GET", f"{SESSIONS}/{_INVENTED_SESSION}")
    custom = {"type": "custom", "avatarId": _INVENTED_AVATAR}
    for more in ({UNKNOWN_KEY: True}, {}):
        async with endpoint.made(SESSIONS, create_body(**{"avatar": custom, **more})):
            pass


async def _session(endpoint: Endpoint) -> None:
    """Let a session become READY, consume it in three ways, cancel it, and ask again."""
    async with endpoint.made(SESSIONS, create_body(maxDuration=60)) as id_:
        if id_ is None:
            return
        path = f"{SESSIONS}/{id_}"
        ready = await endpoint.poll(
            path,
            lambda seen: seen.body.get("status") != "NOT_READY",
            every_s=0.2,
            at_most_s=endpoint.patience_s,
        )
        key = ready.body.get("sessionKey")
        if isinstance(key, str):
            for declared in ("application/x-www-form-urlencoded", None, "application/json"):
                used = await endpoint.call(
                    "POST", f"{path}/consume", key=key, content_type=declared, versioned=False
                )
                if used.ok:
                    break
            await endpoint.poll(
                path,
                lambda seen: seen.body.get("status") != "READY",
                every_s=0.2,
                at_most_s=min(10.0, endpoint.patience_s),
            )
        await endpoint.call("DELETE", path)
        await endpoint.call("DELETE", path)
    async with endpoint.made(SESSIONS, create_body()) as other:
        if other is not None:
            await endpoint.call("DELETE", f"{SESSIONS}/{other}")
            await endpoint.call("GET", path)


_CALL_S = 30
_CALL_COSTS = CREATE_COSTS + CREDITS_OF_A_BLOCK * (1 + int(_CALL_S / BLOCK_S))


async def _call(endpoint: Endpoint) -> None:
    """Let a call go on until it ends by itself, and look at the credits meanwhile."""
    async with endpoint.made(SESSIONS, create_body(maxDuration=_CALL_S)) as id_:
        if id_ is None:
            return
        path = f"{SESSIONS}/{id_}"
        ready = await endpoint.poll(
            path,
            lambda seen: seen.body.get("status") != "NOT_READY",
            every_s=0.2,
            at_most_s=endpoint.patience_s,
        )
        if not isinstance(key := ready.body.get("sessionKey"), str):
            return
        await endpoint.call(
            "POST",
            f"{path}/consume",
            key=key,
            content_type="application/json",
            versioned=False,
        )
        for _ in range(_CALL_S + 10):
            await endpoint.call("GET", ORGANIZATION)
            if (await endpoint.call("GET", path)).body.get("status") in _OVER:
                break
            await endpoint.clock.pause(1.0)
    last = endpoint.history().balances()
    if last and last[-1][1] < CREATE_COSTS:
        async with endpoint.made(SESSIONS, create_body()):
            pass


async def _task(endpoint: Endpoint) -> None:
    """Cancel a task as soon as it is there, and look at the credits before and after."""
    path, body = _TASK
    await endpoint.call("GET", ORGANIZATION)
    for prompt in (f"{body['promptText']} {UNKNOWN_TAG}", body["promptText"]):
        async with endpoint.made(path, {**body, "promptText": prompt}) as id_:
            if id_ is None:
                continue
            await endpoint.call("GET", f"{TASKS}/{id_}")
            await endpoint.call("DELETE", f"{TASKS}/{id_}")
            await endpoint.call("GET", f"{TASKS}/{id_}")
            await endpoint.call("GET", ORGANIZATION)
            return


async def _whole_task(endpoint: Endpoint) -> None:
    """Let a task go to its end, and fetch its output twice."""
    path, body = _TASK
    async with endpoint.made(path, body) as id_:
        if id_ is None:
            return
        last = await endpoint.poll(
            f"{TASKS}/{id_}",
            lambda seen: seen.body.get("status") in _OVER or not seen.ok,
            every_s=0.5,
            at_most_s=3 * endpoint.patience_s,
        )
        output = last.body.get("output")
        if isinstance(output, list) and output:
            for _ in range(2):
                await endpoint.download(output[0], of=id_)


async def _beyond(endpoint: Endpoint) -> None:
    """Create once more where the organization says that no create is left today."""
    answer = (await endpoint.call("GET", ORGANIZATION)).body
    try:
        most = answer["tier"]["models"]["gwm1_avatars"]["maxDailyGenerations"]
        used = answer["usage"]["models"]["gwm1_avatars"]["dailyGenerations"]
        reached = used >= most
    except (KeyError, TypeError):
        return
    if reached:
        async with endpoint.made(SESSIONS, create_body()):
            pass


PLAYS: Sequence[Play] = (
    Play("limits, lists and refusals", 2 * CREATE_COSTS, _look),
    Play("a session until it is cancelled", 2 * CREATE_COSTS + 3 * CREDITS_OF_A_BLOCK, _session),
    Play("a task that is cancelled", _TASK_COSTS, _task),
    Play("a task to its end", _TASK_COSTS, _whole_task),
    *ASSET_PLAYS,
    *FILE_PLAYS,
    EXPIRING,
    *ROUTING_PLAYS,
    Play(f"a call of {_CALL_S} s", _CALL_COSTS, _call),
    Play("a create beyond the quota", CREATE_COSTS, _beyond),
    INPUTS,
    *RUN_PLAYS,
)
"""In the order in which they are made: the dearest last, so that a small allowance covers most."""

ALL_CREDITS = sum(play.credits for play in PLAYS)


async def play_all(endpoint: Endpoint, said: Callable[[str], None]) -> None:
    """Make every play that the allowance covers.

    Args:
        said: called with a line about each as it begins.

    Raises:
        EndpointFailed: there was no answer to a call.
    """
    for number, play in enumerate(PLAYS, start=1):
        if play is EXPIRING and not endpoint.wait_s:
            endpoint.left_out.append(f"{play.name}: needs --wait SECONDS")
            continue
        if not endpoint.allows(play.name, play.credits):
            continue
        said(f"{number}/{len(PLAYS)} {play.name}, at most {play.credits} credits")
        await play.calls(endpoint)
        if any(is_refused_secret(each) for each in endpoint.calls):
            endpoint.left_out.append("everything else: the API secret was refused")
            return
