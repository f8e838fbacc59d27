"""The files in the body of a create: read when it comes, and checked when the call is applied.

A data URI is read as soon as the body has come, and what the file says of itself takes its place in
the body: `data:image/png;bytes=1234;width=16;height=9`. So neither journal nor replay hold a file,
and all that follows from it is decided by the same code in both. Uploads are known to the world in
the same form. Other addresses are not read, unless the server fetches them (`fetching.py`), and
then their facts stand behind a `#`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from contracts.wire.problems import where
from fake_runway.core.durations import Fixed
from fake_runway.core.files import FileFacts, read_facts
from fake_runway.core.history.journal import size_of
from fake_runway.core.lifecycles.session import Failure
from fake_runway.core.lifecycles.task import TaskEvent, TaskState
from fake_runway.core.scenario.settings import BadInputs
from fake_runway.core.tasks.inputs import Input, Misfit, Path, inputs_of, misfits
from fake_runway.core.tasks.models import model_id
from fake_runway.core.tasks.task import TaskHappening, TaskPlan
from fake_runway.core.types import Json
from fake_runway.core.uploads import SCHEME, UnusableUpload
from fake_runway.media.errors import MediaError
from fake_runway.web.bodies import LONGEST_BODY
from fake_runway.web.errors import BodyTooLarge, RequestRefused
from fake_runway.web.issues import VALIDATION_FAILED
from fake_runway.worlds.world import World

if TYPE_CHECKING:
    from fake_runway.media.fields import Description

_DATA = "data:"
_TYPE = re.compile(r"data:([!#$&^.+\w-]{1,64}/[!#$&^.+\w-]{1,64})", re.ASCII)
_FACTS = "#"
ASSET_FAILS_S = 0.5
"""How long it takes to see that a file does not fit its model; assumed."""


class BadInput(RequestRefused):
    """A file in a body is not as documented.

    Args:
        path: where it stands.
    """

    code = "bad_input"

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(VALIDATION_FAILED, where=where(path))
        text = problem[:1].upper() + problem[1:]
        self.issues = ({"code": "custom", "path": list(path), "message": text},)


def condensed(body: Json, *, rule: BadInputs) -> Json:
    """Return a valid body with facts in place of its data URIs.

    Raises:
        BadInput: one of them is no file of its type.
        BodyTooLarge: what is left is too large to be kept.
    """
    found = [each for each in inputs_of(body) if each.address[:5].lower() == _DATA]
    for each in found:
        body = with_text(body, each.path, _condensed(each, rule))
    if size_of(body) > 2 * LONGEST_BODY:
        raise BodyTooLarge(f"Expected at most {LONGEST_BODY} bytes beside the files, got more.")
    return body


def _condensed(each: Input, rule: BadInputs) -> str:
    from fake_runway.media.data_uri import read_data_uri  # most creates have no file
    from fake_runway.media.reading import read

    uri, problem = each.address, ""
    try:
        data = read_data_uri(uri)
        description = read(data.content)
    except MediaError as error:
        problem = str(error)
    else:
        if description.matches(data.content_type):
            return _DATA + facts_of(description, len(data.content)).written()
        problem = f"expected {data.content_type} as declared, got {description.content_type}"
    if rule is not BadInputs.ACCEPT:
        raise BadInput(each.path, problem)
    declared = _TYPE.match(uri)
    return _DATA + FileFacts(declared[1] if declared else "image/png", len(uri)).written()


def facts_of(description: "Description", size: int) -> FileFacts:
    """Return a description of a file with so many bytes."""
    return FileFacts(
        description.content_type, size, description.width, description.height, description.seconds
    )


def with_facts(url: str, facts: FileFacts) -> str:
    """Return the address of a file that was fetched, with what is known of it."""
    return f"{url.partition(_FACTS)[0]}{_FACTS}{facts.written()}"


def with_text(value: Any, path: Path, text: str) -> Any:
    """Return a copy of a JSON value with another text at a place."""
    if not path:
        return text
    first, rest = path[0], path[1:]
    if isinstance(value, list):
        return [
            with_text(each, rest, text) if at == first else each for at, each in enumerate(value)
        ]
    return {
        key: with_text(each, rest, text) if key == first else each for key, each in value.items()
    }


# When the call is applied


def files_in(world: World, body: Json, *, at: float) -> Mapping[Path, FileFacts]:
    """Return the files of a condensed body, by their places, as far as they are known.

    Raises:
        BadInput: one of them cannot be used.
    """
    if world.settings.bad_inputs is BadInputs.ACCEPT:
        return {}
    return dict(_files(world, body, at))


def check_files(world: World, body: Json, *, at: float) -> None:
    """Refuse a condensed body that names a file which cannot be used.

    Raises:
        BadInput.
    """
    files_in(world, body, at=at)


def _files(world: World, body: Json, at: float) -> Iterator[tuple[Path, FileFacts]]:
    for each in inputs_of(body):
        facts = _facts_of(world, each, at)
        if facts is None:
            continue
        if each.kind and facts.kind != each.kind:
            raise BadInput(
                each.path, f"unsupported media type: expected {each.kind}, got {facts.content_type}"
            )
        yield each.path, facts


def _facts_of(world: World, each: Input, at: float) -> FileFacts | None:
    address = each.address
    if address.startswith(SCHEME):
        try:
            return world.uploads.file(address, at=at)
        except UnusableUpload as error:
            raise BadInput(each.path, error.message) from None
    if address.startswith(_DATA):
        return read_facts(address.removeprefix(_DATA))
    if has_ip_address(address):
        raise BadInput(each.path, "expected a domain name in the URL, got an IP address")
    return read_facts(address.partition(_FACTS)[2])


def has_ip_address(url: str) -> bool:
    """Return whether the host of a URL is an IP address."""
    try:
        ip_address((urlsplit(url).hostname or "").strip("[]"))
    except ValueError:
        return False
    return True


def check_limits(
    world: World, endpoint: str, body: Json, files: Mapping[Path, FileFacts], plan: TaskPlan
) -> TaskPlan:
    """Return how a task with these files goes: one that its model does not take makes it fail.

    Raises:
        BadInput: the world refuses such a file.
    """
    misfit = next(misfits(endpoint, model_id(endpoint, body), body, files), None)
    if misfit is None:
        return plan
    failure = failure_of(world, misfit, misfit.path)
    fails = TaskHappening(
        TaskState.PENDING, TaskEvent.FAILED, after=Fixed(ASSET_FAILS_S), failure=failure
    )
    others = [each for each in plan.happenings if each.state is not TaskState.PENDING]
    return replace(plan, happenings=(*others, fails))


def failure_of(world: World, misfit: Misfit, path: Path) -> Failure:
    """Return why a file that does not fit its model makes what it was given to fail.

    Args:
        path: where the file stands in the body that the client has sent.

    Raises:
        BadInput: the world refuses such a file.
    """
    if world.settings.bad_inputs is BadInputs.REFUSE:
        raise BadInput(path, misfit.problem)
    return Failure("ASSET.INVALID", f"{where(path)}: {misfit.problem}")
