"""The catalogue: creates that are refused for their body."""

from tests.support.fake.catalogue import (
    CREATE_COSTS,
    PROVISIONED_S,
    Chosen,
    is_refusal,
    shows,
    shows_each,
)


@shows_each(
    {
        "moderated-text": (400, "text cannot be used"),
        "unknown-avatar": (404, "Could not find avatar"),
        "avatar-still-processing": (400, "still being processed"),
        "avatar-processing-failed": (400, "could not be processed"),
        "unrecognized-key": (400, 'Unrecognized key: "livekit"'),
    }
)
async def test_every_create_is_refused(chosen: Chosen, expected: tuple[int, str]) -> None:
    """The same refusal to every create, today and tomorrow; no session, no charge."""
    status, text = expected
    for _ in range(3):
        answer = await chosen.create()
        assert is_refusal(answer, status)
        assert text in answer.json["error"]
        chosen.jump(86_400)
    assert (chosen.sessions, chosen.spent) == ([], 0)


@shows("moderated-text-twice")
async def test_moderated_text_twice(chosen: Chosen) -> None:
    """Two creates are refused without a trace, and the third makes the one session."""
    answers = [await chosen.create() for _ in range(3)]
    assert all(is_refusal(answer, 400) for answer in answers[:2])
    assert answers[2].status == 200
    assert (chosen.sessions, chosen.spent) == ([answers[2].json["id"]], CREATE_COSTS)
    assert (await chosen.create()).status == 200


@shows("avatar-ready-after-10-s", avatar=False)
async def test_avatar_ready_after_10_s(chosen: Chosen) -> None:
    """Creates are refused without a trace for 10 s, and succeed then."""
    early = await chosen.create()
    chosen.jump(9.75)
    late = await chosen.create()
    assert is_refusal(early, 400)
    assert is_refusal(late, 400)
    assert (chosen.sessions, chosen.spent) == ([], 0)
    chosen.jump(0.25)
    session = await chosen.created()
    assert (chosen.sessions, chosen.spent) == ([session], CREATE_COSTS)


@shows("not-found-at-first")
async def test_not_found_at_first(chosen: Chosen) -> None:
    """404 to the first poll of each session, which exists nevertheless, then its status."""
    for _ in range(2):
        session = await chosen.created()
        assert is_refusal(await chosen.poll(session), 404)
        assert chosen.state(session) == "provisioning"
        assert await chosen.status(session) == "NOT_READY"
        chosen.jump(PROVISIONED_S)
        assert await chosen.status(session) == "READY"
        assert (await chosen.consume(session)).status == 200
    assert len(chosen.sessions) == 2
