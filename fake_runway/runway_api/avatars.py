"""The operations of avatars."""

from typing import NamedTuple

from fake_runway.core.errors import UnknownAvatar
from fake_runway.core.scenario.settings import EXAMPLE_AVATAR
from fake_runway.runway_api.calls import RunwayCall
from fake_runway.runway_api.queries import page_limit, refuse_cursor
from fake_runway.runway_api.wire import LONGEST_NAME, avatar_body
from fake_runway.web.bodies import is_uuid4
from fake_runway.web.replies import Reply
from fake_runway.worlds.world import World

DEFAULT_PAGE = 50
PLAIN_NAME = "Custom avatar"


class _Avatar(NamedTuple):
    """A custom avatar that exists, in the order in which they are listed.

    Attributes:
        rank: 0: a plain one, whose sessions go as the world's do; 1: the world's scenario says how
            its sessions go; 2: it is the ready-made avatar of a scenario, most of which go wrong.
    """

    rank: int
    id: str
    name: str
    about: str


def list_avatars(call: RunwayCall) -> Reply:
    """Answer one page of the custom avatars that exist.

    Plain ones come first, because many clients take the first; then those that the world's
    scenario binds, then the ready-made ones of scenarios; each in the order of their ids. A cursor
    is the id of the last avatar of the page before. After one that is gone, avatars may be
    repeated, and none is left out.
    """
    limit, cursor = page_limit(call, default=DEFAULT_PAGE), _cursor(call)
    avatars = _avatars(call.world)
    if cursor is not None:
        rank = next((each.rank for each in avatars if each.id == cursor), 0)
        avatars = [each for each in avatars if each[:2] > (rank, cursor)]
    page, more = avatars[:limit], len(avatars) > limit
    return Reply(
        200,
        {
            "data": [avatar_body(each.id, each.name, each.about) for each in page],
            "hasMore": more,
            "nextCursor": page[-1].id if more else None,
        },
    )


def get_avatar(call: RunwayCall) -> Reply:
    """Answer one custom avatar."""
    for avatar in _avatars(call.world):
        if avatar.id == call.exchange.subject.id:
            return Reply(200, avatar_body(avatar.id, avatar.name, avatar.about))
    raise UnknownAvatar("Could not find avatar.")


def _avatars(world: World) -> list[_Avatar]:
    """Return every custom avatar that exists, as they are listed."""
    known = world.settings.avatars
    plain = {EXAMPLE_AVATAR} if known is None else {each.lower() for each in known}
    exist = {each: _Avatar(0, each, PLAIN_NAME, "It exists.") for each in plain if is_uuid4(each)}
    for form in world.catalogue.with_avatars:
        exist[form.avatar] = _Avatar(2, form.avatar, form.name, form.about or form.name)
    for avatar, form in world.scenario.avatars.items():
        if is_uuid4(avatar):
            exist[avatar] = _Avatar(1, avatar, form.name, form.about or form.name)
    return sorted(exist.values())


def name_of_avatar(world: World, avatar_id: str) -> str | None:
    """Return the name of a custom avatar, None if there is none (any more)."""
    form, known = world.form_of(avatar_id), world.settings.avatars
    if form is not None:
        return form.name[:LONGEST_NAME]
    return PLAIN_NAME if known is None or avatar_id in known else None


def _cursor(call: RunwayCall) -> str | None:
    cursor = call.exchange.query.get("cursor")
    if cursor is not None and not is_uuid4(cursor):
        refuse_cursor(call)
        return None
    return None if cursor is None else cursor.lower()
