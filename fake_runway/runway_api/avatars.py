"""The operations of avatars."""

from fake_runway.core.errors import Refused, UnknownAvatar
from fake_runway.runway_api.calls import RunwayCall
from fake_runway.runway_api.wire import avatar_body
from fake_runway.web.bodies import is_uuid4
from fake_runway.web.replies import Reply
from fake_runway.worlds.world import World

DEFAULT_PAGE = 50
LARGEST_PAGE = 100


class BadQuery(Refused):
    """A query parameter is not what the operation takes. The texts are assumed."""

    code = "bad_query"
    status = 400


def list_avatars(call: RunwayCall) -> Reply:
    """Answer one page of the custom avatars that exist, in the order of their ids.

    A cursor is the id of the last avatar of the page before.
    """
    limit, cursor = _page(call)
    avatars = [each for each in _avatars(call.world) if cursor is None or each[0] > cursor]
    page, more = avatars[:limit], len(avatars) > limit
    return Reply(
        200,
        {
            "data": [avatar_body(*each) for each in page],
            "hasMore": more,
            "nextCursor": page[-1][0] if more else None,
        },
    )


def get_avatar(call: RunwayCall) -> Reply:
    """Answer one custom avatar."""
    for avatar_id, name, about in _avatars(call.world):
        if avatar_id == call.exchange.subject.id:
            return Reply(200, avatar_body(avatar_id, name, about))
    raise UnknownAvatar("Could not find avatar.")


def _avatars(world: World) -> list[tuple[str, str, str]]:
    """Return id, name and description of every custom avatar that exists, by id."""
    ids = [avatar for avatar in world.settings.avatars or () if is_uuid4(avatar)]
    exist = dict.fromkeys(ids, ("Custom avatar", "It exists."))
    for form in world.catalogue.with_avatars:
        exist[form.avatar] = (form.name, form.about or form.name)
    for avatar, form in world.scenario.avatars.items():
        if is_uuid4(avatar):
            exist[avatar] = (form.name, form.about or form.name)
    return [(avatar, *exist[avatar]) for avatar in sorted(exist)]


def _page(call: RunwayCall) -> tuple[int, str | None]:
    text = call.exchange.query.get("limit")
    if text is not None and not (text.isascii() and text.isdigit() and len(text) < 4):
        raise BadQuery(f"Invalid input: expected number, received {'string' if text else 'NaN'}")
    limit = DEFAULT_PAGE if text is None else int(text)
    if limit < 1:
        raise BadQuery("Too small: expected number to be >=1")
    if limit > LARGEST_PAGE:
        raise BadQuery(f"Too big: expected number to be <={LARGEST_PAGE}")
    cursor = call.exchange.query.get("cursor")
    if cursor is not None and not is_uuid4(cursor):
        raise BadQuery("Invalid cursor")
    return limit, cursor
