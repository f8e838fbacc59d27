"""`dataclass`, which makes a class in a fifth of the time.

Everything here is a value, so a start of `serve` makes a hundred such classes, and making them was
half of what it took above aiohttp: `dataclasses` writes, compiles and runs the source of six
functions for each (0.6 ms; here 0.11). Of those only `__init__` has to be compiled for its class,
to be quick. The others need no more than the names of the fields, and the two that refuse a change
not even those.

Classes that inherit from a data class, and those that are ordered, are made by `dataclasses`. The
test of this module compares both ways. This one lacks `InitVar` and `field(hash=...)`.
"""

import dataclasses
from collections.abc import Callable, Sequence
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:  # checkers know the standard one, whose behaviour this one has
    from dataclasses import dataclass as dataclass
else:

    def dataclass(cls: Any = None, /, **how: bool) -> Any:
        """Return the class, or a decorator; the arguments are those of `dataclasses.dataclass`."""
        if cls is None:
            return lambda cls: dataclass(cls, **how)
        inherits = any(map(dataclasses.is_dataclass, cls.__bases__))
        if inherits or not how.keys() <= _QUICK:
            return dataclasses.dataclass(cls, **how)
        return _made(cls, **how)


class _Factory:
    """What stands in a signature for a default that is made anew for each value."""

    def __repr__(self) -> str:
        return "<factory>"


_FACTORY = _Factory()
_QUICK = {"frozen", "slots", "kw_only", "eq"}
_Values = Callable[[Any], tuple[Any, ...]]


def _made(cls: Any, *, frozen: bool = False, eq: bool = True, **how: bool) -> Any:
    own_hash = cls.__dict__.get("__hash__")  # None also where the class has an `__eq__` alone
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, **how)(cls)
    made.__dataclass_params__.frozen = frozen  # lets a frozen class inherit from it
    every = dataclasses.fields(made)
    methods = {
        "__init__": _init(made, every, "_set(self, {!r}, {})" if frozen else "self.{} = {}"),
        "__repr__": _repr([each.name for each in every if each.repr]),
    }
    if frozen:
        methods |= {"__setattr__": _refuse_to_set, "__delattr__": _refuse_to_delete}
        methods |= {
            "__getstate__": _state,
            "__setstate__": _set_state,
        }  # else copies would be refused
    if eq:
        compared = _values([each.name for each in every if each.compare])
        methods["__eq__"] = _eq(compared)
        if own_hash is None:
            made.__hash__ = _hash(compared) if frozen else None
    for name, method in methods.items():
        if name not in made.__dict__:
            setattr(made, name, method)
    return made


def _init(
    cls: Any, every: Sequence["dataclasses.Field[Any]"], assignment: str
) -> Callable[..., None]:
    """Return the `__init__` of a class, the one method that is compiled for it."""
    given: dict[str, Any] = {"_set": object.__setattr__, "_FACTORY": _FACTORY}
    parameters, keywords, lines = ["self"], ["*"], ["pass"]
    for each in every:
        name = value = each.name
        default = ""
        if each.default is not dataclasses.MISSING:
            given[f"_default_{name}"] = each.default
            default = f"=_default_{name}"
        elif each.default_factory is not dataclasses.MISSING:
            given[f"_new_{name}"] = each.default_factory
            default = "=_FACTORY"
            value = f"_new_{name}() if {name} is _FACTORY else {name}"
        if each.init:
            (keywords if each.kw_only else parameters).append(name + default)
        elif default:
            value = f"_new_{name}()" if default == "=_FACTORY" else f"_default_{name}"
        else:
            continue  # `__post_init__` sets it
        lines.append(assignment.format(name, value))
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    signature = ", ".join(parameters + (keywords if len(keywords) > 1 else []))
    body = "\n ".join(lines)
    exec(f"def __init__({signature}):\n {body}", given)
    init: Any = given["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    init.__annotations__ = {each.name: each.type for each in every if each.init} | {"return": None}
    return init  # type: ignore[no-any-return]  # the checker cannot know what was compiled


def _values(names: Sequence[str]) -> _Values:
    """Return what gets the values of these fields, as a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda one: tuple(getattr(one, name) for name in names)


def _repr(names: Sequence[str]) -> Callable[[Any], str]:
    @recursive_repr()
    def __repr__(self: Any) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{type(self).__qualname__}({shown})"

    return __repr__


def _eq(compared: _Values) -> Callable[[Any, object], bool]:
    def __eq__(self: Any, other: object) -> bool:
        return compared(self) == compared(other) if type(self) is type(other) else NotImplemented

    return __eq__


def _hash(compared: _Values) -> Callable[[Any], int]:
    def __hash__(self: Any) -> int:
        return hash(compared(self))

    return __hash__


def _refuse_to_set(self: Any, name: str, value: object) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: Any, name: str) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, each.name) for each in dataclasses.fields(self)]


def _set_state(self: Any, state: Sequence[Any]) -> None:
    for each, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)
