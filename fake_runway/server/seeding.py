"""What every new world begins with, from a file that is checked before anything is served."""

from collections.abc import Callable
from pathlib import Path

from contracts.wire.schema import BodyValidator
from fake_runway.admin_api.calls import AdminCall
from fake_runway.admin_api.declaration import carry_out
from fake_runway.admin_api.seeds import KINDS, apply_seed, seed_schema
from fake_runway.core.errors import Refused
from fake_runway.core.types import Json
from fake_runway.room.tokens import LiveKit
from fake_runway.scenarios.catalogue import ScenarioFileError, text_of
from fake_runway.scenarios.check import breaches
from fake_runway.scenarios.yaml_lines import NotYaml, read_documents
from fake_runway.worlds.registry import Worlds
from fake_runway.worlds.world import World

_NOWHERE = LiveKit(url="")


def read_seed(path: str | Path) -> Json:
    """Return the seed in a file.

    Raises:
        ScenarioFileError: with all that is wrong with it, line by line.
    """
    file = str(path)
    try:
        documents = read_documents(text_of(file))
    except NotYaml as error:
        raise ScenarioFileError(f"{file}:{error.line}: $: {error.sentence}") from error
    if not documents:
        return {}
    if len(documents) > 1:
        raise ScenarioFileError(f"{file}: expected one document, got {len(documents)}")
    document = documents[0]
    problems = document.problems or breaches(BodyValidator(seed_schema()), document.value)
    if problems:
        placed = [each._replace(line=each.line or document.line_of(each.path)) for each in problems]
        raise ScenarioFileError.about(placed, file=file)
    seed: Json = document.value
    return seed


def seeding_from(path: str, worlds: Worlds) -> Callable[[World], None]:
    """Return what puts the seed of a file into a world.

    Raises:
        ScenarioFileError: it is wrong, or a world of this server cannot hold it.
    """
    seed = read_seed(path)

    def put(world: World) -> None:
        at = world.clock.now()
        carry_out(apply_seed, AdminCall(worlds, world, _NOWHERE, at, "", seed, {}))

    try:
        put(worlds.unlisted("seed"))
    except Refused as refusal:
        place = getattr(refusal, "headers", {}).get("X-Fake-Where", "$")
        raise ScenarioFileError(f"{path}: {place}: {refusal.message}") from refusal
    return put


def example() -> str:
    """Return a seed file with every kind, in which each is commented out."""
    head = (
        "# What every new world of a fake begins with: fake-runway serve --seed-file FILE\n"
        "# Take away the # in front of what you need. Every part may be left out.\n"
    )
    parts = [
        f"\n# {kind.schema['description']}\n"
        + "".join(f"# {line}\n" for line in kind.example.splitlines())
        for kind in KINDS
    ]
    return head + "".join(parts)
