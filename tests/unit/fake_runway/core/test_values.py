"""`dataclass`: what it makes is what `dataclasses` makes."""

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

import pytest

from fake_runway.core import values


class Plain:
    """Fields of every sort."""

    text: str
    number: float = 1.5
    several: Mapping[str, int] = field(default_factory=dict)
    unseen: int = field(default=7, repr=False, compare=False)
    fixed: str = field(default="as it is", init=False)
    own: list[int] = field(default_factory=list, init=False)
    named: int = field(default=0, kw_only=True)


class One:
    """A single field."""

    text: str


class Nothing:
    """No field."""


class OfItsOwn:
    """Methods that stay as they are, and a field that is computed."""

    text: str
    length: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "length", len(self.text))

    def __repr__(self) -> str:
        return f"<{self.text}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.length == other.length


class Hashed:
    """A hash of its own."""

    text: str

    def __hash__(self) -> int:
        return 17


@dataclasses.dataclass(frozen=True, slots=True)
class Base:
    """What another inherits from."""

    text: str


class Inherits(Base):
    """Fields of its own after those of its base."""

    number: int = 3


KINDS = (Plain, One, Nothing, OfItsOwn, Hashed, Inherits)
WAYS: tuple[dict[str, bool], ...] = (
    {"frozen": True, "slots": True},
    {"frozen": True, "slots": True, "kw_only": True},
    {"frozen": True},
    {"frozen": True, "slots": True, "eq": False},
    {"slots": True},
    {"slots": True, "eq": False},
    {},
    {"frozen": True, "slots": True, "order": True},
)


def _made(kind: type[Any], make: Callable[..., Any], how: Mapping[str, bool]) -> Any:
    body = {
        name: copy.copy(each) if isinstance(each, dataclasses.Field) else each
        for name, each in vars(kind).items()
        if name not in ("__dict__", "__weakref__")
    }
    return make(**how)(type(kind.__name__, kind.__bases__, body))


def _seen(cls: Any) -> list[object]:
    """Return what can be seen of a class and of two of its values."""
    wanted = {each.name for each in dataclasses.fields(cls) if each.init}
    some = {"text": "abc", "number": 4, "named": 2}
    given = {name: value for name, value in some.items() if name in wanted}
    one, same = cls(**given), cls(**given)
    copies = [copy.copy(one), copy.deepcopy(one)]
    assert all(_fields(each) == _fields(one) and type(each) is cls for each in copies)
    if given:
        other = dataclasses.replace(one, text="xyzz")
        assert one != other
    return [
        str(inspect.signature(cls)),
        _fields(one),
        repr(one),
        one == same,
        "unseen" not in wanted or dataclasses.replace(one, unseen=9) == one,
        _hash(one) if one == same else _hash(one) == _hash(same),
        cls.__match_args__,
        getattr(cls, "__slots__", None),
        cls.__doc__,
        cls.__dataclass_params__.frozen,
        [_refusal(change, one) for change in CHANGES if given],
        _refusal(lambda: cls(1, 2, 3, 4, 5, 6), None),
    ]


def _fields(value: Any) -> dict[str, object]:
    return {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}


def _hash(value: object) -> object:
    try:
        return hash(value)
    except TypeError as error:
        return str(error)


CHANGES: tuple[Callable[[Any], None], ...] = (
    lambda one: setattr(one, "text", "x"),
    lambda one: delattr(one, "text"),
)


def _refusal(change: Callable[..., object], one: object) -> str:
    try:
        change(one) if one is not None else change()
    except (dataclasses.FrozenInstanceError, TypeError, AttributeError) as error:
        return f"{type(error).__name__}: {error}"
    return "taken"


@pytest.mark.parametrize("how", WAYS, ids=" ".join)
@pytest.mark.parametrize("kind", KINDS)
def test_both_ways_make_the_same(kind: type[Any], how: Mapping[str, bool]) -> None:
    """Signature, fields, text, equality, hash, copies, refusals."""
    if kind is Inherits and not how.get("frozen"):
        with pytest.raises(TypeError, match="cannot inherit"):
            _made(kind, values.dataclass, how)
        return
    ours, theirs = (_made(kind, make, how) for make in (values.dataclass, dataclasses.dataclass))
    assert _seen(ours) == _seen(theirs)


@values.dataclass(frozen=True, slots=True)
class Kept:
    """A value that can be pickled."""

    text: str
    others: tuple["Kept", ...] = ()


@values.dataclass(frozen=True, slots=True)
class Twin:
    """Another class with the same fields."""

    text: str
    others: tuple[Kept, ...] = ()


def test_values_can_be_pickled() -> None:
    """Although they refuse to be changed."""
    value = Kept("a", (Kept("b"),))

    assert pickle.loads(pickle.dumps(value)) == value


def test_values_of_two_classes_differ() -> None:
    """Whatever their fields are."""
    value: object = Kept("a")

    assert value != Twin("a")


def test_a_frozen_class_can_inherit_from_a_value() -> None:
    """It is made by `dataclasses`."""

    @values.dataclass(frozen=True, slots=True)
    class Heir(Kept):
        more: int = 0

    assert repr(Heir("a", more=2)) == f"{Heir.__qualname__}(text='a', others=(), more=2)"
    assert Heir("a", more=2) != Heir("a", more=3)


def test_only_one_method_is_compiled_for_a_class() -> None:
    """What a start is spared: the other methods are shared, or know the fields by name."""
    shared = ("__repr__", "__eq__", "__hash__", "__setattr__", "__delattr__")

    for name in shared:
        code = inspect.unwrap(getattr(Kept, name)).__code__
        assert code is inspect.unwrap(getattr(Twin, name)).__code__
