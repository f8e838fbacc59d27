"""Resources that are made when a call first names them: `unknown_ids: materialise`.

A stateless mock answers whatever id it is asked for, and suites that were written against one name
ids that were never created. With this switch an unknown id is made on the fly, in a settled state,
before the call is carried out, so that faults and findings see a resource like any other. What was
made this way leaves nothing behind when it is deleted: the next call makes it again.

Each kind of resource has a function here that makes one. What a body refers to (an avatar, a voice,
documents, the slug of a router) is made by the operation. The version of a workflow is read as the
example's, and a run of one is a task.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from fake_runway.core import task_calls
from fake_runway.core.asset_calls import get_asset
from fake_runway.core.assets.kinds import (
    AVATARS,
    DOCUMENTS,
    MADE_AVATAR,
    MADE_DOCUMENT,
    MADE_VOICE,
    ROUTERS,
    VOICES,
)
from fake_runway.core.errors import Refused
from fake_runway.core.lifecycles.session import SESSION
from fake_runway.core.lifecycles.task import TASK
from fake_runway.core.lifecycles.vocabulary import Subject
from fake_runway.core.routing.routers import RouterContent, new_router
from fake_runway.runway_api.avatars import is_ready_made
from fake_runway.worlds.world import World


class Maker(Protocol):
    """Makes the resource with this id, unless it is there."""

    def __call__(self, world: World, id_: str, *, at: float) -> object: ...


def _session(world: World, id_: str, *, at: float) -> object:
    return world.account.get(id_, at=at)


def _task(world: World, id_: str, *, at: float) -> object:
    return task_calls.get_task(world.account, id_, at=at)


def _avatar(world: World, id_: str, *, at: float) -> object:
    if world.account.assets.find(AVATARS.name, id_) is None and is_ready_made(world, id_):
        return None
    return get_asset(world.account, AVATARS, id_, at=at, materialised=lambda: MADE_AVATAR)


def _voice(world: World, id_: str, *, at: float) -> object:
    return get_asset(world.account, VOICES, id_, at=at, materialised=lambda: MADE_VOICE)


def _document(world: World, id_: str, *, at: float) -> object:
    return get_asset(world.account, DOCUMENTS, id_, at=at, materialised=lambda: MADE_DOCUMENT)


def _router(world: World, id_: str, *, at: float) -> object:
    def made() -> RouterContent:
        return new_router({"slug": f"router-{id_[:8]}"})

    return get_asset(world.account, ROUTERS, id_, at=at, materialised=made)


MAKERS: Mapping[str, Maker] = MappingProxyType(
    {
        SESSION.name: _session,
        TASK.name: _task,
        AVATARS.name: _avatar,
        VOICES.name: _voice,
        DOCUMENTS.name: _document,
        ROUTERS.name: _router,
    }
)
"""The function of each kind, by its name. A kind that is not here has only what was created."""


def materialise(world: World, subject: Subject, *, at: float) -> None:
    """Make what `subject` names, if its kind can be made and it is not there."""
    maker = MAKERS.get(subject.kind) if subject.id else None
    if maker is None:
        return
    try:
        maker(world, subject.id, at=at)
    except Refused:  # it is there, and deleted: the operation says so
        return
