"""A published document that is newer than this release, and what the fake serves because of it.

Endpoints that create tasks are served as the document has them: a new model, a new field, a new
endpoint. Everything else stays as this release knows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from contracts.wire.shapes import OperationShapes, Shapes
from fake_runway.core.lifecycles.runway import RUNWAY_API
from fake_runway.core.lifecycles.task import TASK
from fake_runway.core.lifecycles.vocabulary import ApiOperation, Role, Vocabulary
from fake_runway.core.values import dataclass


@dataclass(frozen=True, slots=True)
class GivenSpec:
    """What a server serves that was started with a document.

    Attributes:
        name: of the document's file.
        news: what it has that this release does not know, one sentence for each.
        served: the shapes of all operations, by method and path.
        shapes: the same, by id.
        vocabulary: that of the Runway API, with the endpoints that are new.
    """

    name: str
    news: tuple[str, ...]
    served: Shapes
    shapes: Mapping[str, OperationShapes]
    vocabulary: Vocabulary

    @property
    def endpoints(self) -> tuple[ApiOperation, ...]:
        """The new endpoints, each of which creates a task."""
        known = RUNWAY_API.operation
        return tuple(each for each in self.vocabulary.operations if each.id not in known)


def vocabulary_of(spec: GivenSpec | None) -> Vocabulary:
    """Return what a server speaks of that serves a document, or none."""
    return RUNWAY_API if spec is None else spec.vocabulary


def shapes_of(spec: GivenSpec | None) -> Shapes:
    """Return the shapes by which a server checks that serves a document, or none."""
    return Shapes.load() if spec is None else spec.served


def read_given_spec(file: Path) -> GivenSpec:
    """Read a published OpenAPI document from a JSON or YAML file.

    Raises:
        BadDocument: the message names the file.
    """
    ours = Shapes.load()
    theirs = ours.with_spec_file(file)
    ids = {_route(each): each.operation.id for each in ours}
    shapes: dict[str, OperationShapes] = {}
    endpoints: list[ApiOperation] = []
    news = ours.news(theirs)
    for each in theirs:
        method, template = route = _route(each)
        known = ids.get(route)
        shapes[known or _unused(each.operation.id, {*ids.values(), *shapes})] = each
        if known is not None:
            continue
        if method != "POST" or "{" in template:
            news.append(f"{method} {template} is not served: expected a POST to a path without ids")
        else:
            id_ = next(reversed(shapes))
            endpoints.append(ApiOperation(id_, method, template, TASK.name, Role.CREATE))
    vocabulary = Vocabulary(RUNWAY_API.kinds, (*RUNWAY_API.operations, *endpoints))
    return GivenSpec(file.name, tuple(news), theirs, shapes, vocabulary)


def _route(shapes: OperationShapes) -> tuple[str, str]:
    return shapes.operation.method, shapes.operation.template


def _unused(id_: str, used: set[str]) -> str:
    """Return an id for an operation: `/v2/text_to_video` would be called as `/v1/...` is."""
    number, unused = 2, id_
    while unused in used:
        number, unused = number + 1, f"{id_}{number}"
    return unused
