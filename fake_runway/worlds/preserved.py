"""A world as bytes, and back: all of it that a store keeps.

The problem: a world is a graph of some twenty kinds of values, which grows with each resource, and
what is kept has to give the same world again, byte for byte. A format by hand would forget a field
some day, and no test could know. So the graph is pickled, but for what belongs to one process: its
clock's source, its catalogue, those who wait. Pickles can run code, and a store may be written by
others: only classes of the core are read, and nothing else can be called.

A clock goes on while no server runs: it is as if the server had stood still for that time.
"""

import io
import pickle
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType, MethodType
from typing import Any, NamedTuple

from fake_runway.clock import ClockState, VirtualClock
from fake_runway.core.lifecycles.runway import RUNWAY_API
from fake_runway.core.scenario.scenario import data_of
from fake_runway.core.scenario.settings import ACCOUNT, SESSION, TASK
from fake_runway.core.types import Json
from fake_runway.scenarios.catalogue import Catalogue
from fake_runway.version import __version__
from fake_runway.worlds.given_spec import GivenSpec
from fake_runway.worlds.world import World

_FORMAT = 1
NO_CONTENTS: Mapping[str, bytes] = MappingProxyType({})
_OF_A_PROCESS = frozenset(
    {
        *("catalogue", "clock", "snapshots", "calls_watched", "resources_watched", "unread"),
        *("directions", "heard", "unkept", "touched_at", "held_back", "incarnation"),
        *("spec", "_notified", "_watched", "_waiting", "_keeper", "_faults_about"),
    }
)
"""The attributes of a world that mean something to one process alone."""


class NotPreserved(Exception):
    """Bytes that are no world, or one of another version."""


class Preserved(NamedTuple):
    """A world that was read, with a frozen clock.

    Attributes:
        clock: how its clock goes on.
    """

    world: World
    clock: ClockState


def preserved(world: World, catalogue: Catalogue) -> bytes:
    """Return a world as bytes.

    Args:
        catalogue: the server's.
    """
    return _written(_state_of(world, catalogue))


def preserved_later(world: World, catalogue: Catalogue) -> Callable[[], bytes]:
    """Return what returns a world as bytes, as it is now: also later, and in a thread."""
    twin = world.copy(world.name, world.clock)
    twin.resumes_at_rate, twin.snapshots = world.resumes_at_rate, world.snapshots.copy()
    return partial(_written, _state_of(twin, catalogue))


def _written(state: Mapping[str, Any]) -> bytes:
    written = io.BytesIO()
    _Writer(written).dump((_FORMAT, __version__, state))
    return written.getvalue()


def _state_of(world: World, catalogue: Catalogue) -> dict[str, Any]:
    kept = {name: value for name, value in world.__dict__.items() if name not in _OF_A_PROCESS}
    kept["log"] = world.log.copy()  # it does not know who is told of new entries
    own: list[Json] | None = None
    if world.catalogue is not catalogue:  # one of a replay, with the scenarios of its record
        every = (world.catalogue.get(name) for name in world.catalogue.own)
        own = [data_of(scenario) for scenario in every if scenario is not None]
    return {
        "world": kept,
        "own": own,
        "now": world.clock.now(),
        "clock": tuple(world.clock.state),
        "snapshots": [
            (name, _state_of(snapshot, catalogue)) for name, snapshot in world.snapshots.items()
        ],
    }


def restored(
    raw: bytes,
    catalogue: Catalogue,
    source: Callable[[], float],
    *,
    spec: GivenSpec | None = None,
    contents: Mapping[str, bytes] = NO_CONTENTS,
) -> Preserved:
    """Return the world in some bytes.

    Args:
        contents: the bytes of its uploads, by their digests.
        spec: the document that the server serves.

    Raises:
        NotPreserved: there is none in them.
    """
    try:
        format_, _, state = _Reader(io.BytesIO(raw)).load()
        if format_ == _FORMAT:
            preserved_ = _world_of(state, catalogue, source, spec)
            for each in (preserved_.world, *preserved_.world.snapshots.values()):
                each.uploads.have_again(contents)
            return preserved_
    except NotPreserved:
        raise
    except Exception as error:
        name = type(error).__name__
        raise NotPreserved(f"expected a world of this version, {__version__}: {name}") from error
    raise NotPreserved(f"expected a world of format {_FORMAT}, got {format_!r}")


def _world_of(
    state: Mapping[str, Any],
    catalogue: Catalogue,
    source: Callable[[], float],
    spec: GivenSpec | None,
) -> Preserved:
    world = World.__new__(World)
    world.__dict__.update(state["world"])
    world.spec = spec
    own = state["own"]
    world.catalogue = (
        catalogue if own is None else Catalogue.builtin(world.vocabulary).with_data(own)
    )
    world.clock = VirtualClock(source, rate=0.0, start=state["now"])
    world.incarnation = 0
    world.begin_alone()
    for name, inner in state["snapshots"]:
        world.snapshots[name] = _world_of(inner, catalogue, source, spec).world
    return Preserved(world, ClockState(*state["clock"]))


def contents_of(world: World) -> dict[str, bytes]:
    """Return the bytes of all uploads of a world and its snapshots, by their digests."""
    return {
        content.digest: content.raw
        for each in (world, *world.snapshots.values())
        for content in each.uploads.contents.values()
    }


def read_only(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a mapping that cannot be changed: the type itself cannot be named in a pickle."""
    return MappingProxyType(dict(value))


_SHARED: Mapping[str, object] = MappingProxyType(
    {
        "vocabulary": RUNWAY_API,
        "kinds of states": RUNWAY_API.kind_of_state,
        **{f"kind {kind.name}": kind for kind in RUNWAY_API.kinds},
        **{f"account {row.key}": row for row in ACCOUNT},
        **{f"session {row.key}": row for row in SESSION},
        **{f"task {row.key}": row for row in TASK},
    }
)
"""Values of the program itself, by the names that stand for them."""


class _Writer(pickle.Pickler):
    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, protocol=5)
        self._shared = {id(value): name for name, value in _SHARED.items()}

    def persistent_id(self, obj: Any) -> object:
        return self._shared.get(id(obj))

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, MappingProxyType):
            return read_only, (dict(obj),)
        if isinstance(obj, MethodType) and isinstance(obj.__self__, World):
            return _unbound, (obj.__func__.__name__,)
        return NotImplemented


def _unbound(name: str) -> object:
    """Stand for a method of the world itself, which `World.reopen` binds anew."""
    return name


class _Reader(pickle.Unpickler):
    _CALLABLE: Mapping[tuple[str, str], object] = MappingProxyType(
        {
            ("collections", "Counter"): Counter,
            ("collections", "OrderedDict"): OrderedDict,
            ("collections", "deque"): deque,
            (__name__, "read_only"): read_only,
            (__name__, "_unbound"): _unbound,
        }
    )

    def persistent_load(self, pid: Any) -> object:
        return _SHARED[pid]

    def find_class(self, module: str, name: str) -> Any:
        if (known := self._CALLABLE.get((module, name))) is not None:
            return known
        if module.startswith("fake_runway.core.") and "." not in name:
            found = super().find_class(module, name)
            if isinstance(found, type) and found.__module__ == module:
                return found
        raise NotPreserved(f"expected values of the core alone, got {module}.{name}")
