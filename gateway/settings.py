"""What a setting is: a field of a configuration that knows its variable, parser, help and default.

`Config` and its groups declare each field once, with `setting`; the command line and the table in
docs/gateway.md come from these declarations. Parsers of texts raise a ValueError that says what the
text is instead.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

SETTING = "setting"  # the key of a field's metadata
E = TypeVar("E", bound=Enum)
N = TypeVar("N", int, float)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of the gateway.

    Attributes:
        variable: its name in the environment.
        parse: returns the value of a text.
        expected: what it may hold; ends "expected ..." in a message, and is the option's help.
        value: the default; MISSING: it has to be given.
        default: the text that stands for the default, empty if there is none.
        secret: has no option, because every user of a machine can see its command lines.
        field: of `Config`; with a dot, of one of its groups.
    """

    variable: str
    parse: Callable[[str], Any]
    expected: str
    value: Any
    default: str = ""
    secret: bool = False
    field: str = ""

    @property
    def key(self) -> str:
        """The field's name as an identifier."""
        return self.field.replace(".", "_")

    @property
    def flag(self) -> str:
        """The option of the command line."""
        name = self.variable.removeprefix("GATEWAY_").removeprefix("RUNWAYML_")
        return "--" + name.lower().replace("_", "-")


def setting(
    assignment: str,
    parse: Callable[[str], Any],
    expected: str,
    *,
    unset: Any = "",
    secret: bool = False,
    shown: bool = True,
) -> Any:
    """Return the field of a dataclass for a setting.

    Args:
        assignment: the variable, and behind `=` the text of the default, if a text stands for it.
        unset: the value without a variable, if no text stands for it; MISSING: it has to be given.
        shown: whether a repr may show it; no secret is shown.
    """
    variable, equals, default = assignment.partition("=")
    value = parse(default) if equals else unset
    one = Setting(variable, parse, expected, value, default, secret)
    return field(default=value, repr=shown and not secret, metadata={SETTING: one})


def settings_of(group: Any, prefix: str = "") -> Iterator[Setting]:
    """Yield the settings of a dataclass and of its groups, in the order of their fields.

    A field that is no setting is a group: a dataclass, which is its own default factory.
    """
    for each in fields(group):
        if one := each.metadata.get(SETTING):
            yield replace(one, field=f"{prefix}{each.name}")
        else:
            yield from settings_of(each.default_factory, f"{each.name}.")


def _parser(convert: Callable[[str], T], accepts: Callable[[T], bool]) -> Callable[[str], T]:
    def parse(text: str) -> T:
        with suppress(LookupError, ValueError):
            if accepts(value := convert(text)):
                return value
        raise ValueError(f"got {text!r}")

    return parse


def number(kind: Callable[[str], N], low: float, high: float) -> Callable[[str], N]:
    """Return a parser of numbers from `low` to `high`; nan is none of them."""
    return _parser(kind, lambda value: low <= value <= high)


def one_of(choices: type[E]) -> Callable[[str], E]:
    """Return a parser of the values of an enum."""
    return _parser(choices, lambda value: True)


def switch(text: str) -> bool:
    """Return whether a switch is `on`, and not `off`."""
    return _parser({"on": True, "off": False}.__getitem__, lambda value: True)(text.lower())


def words(text: str) -> tuple[str, ...]:
    """Return the entries of a comma separated list, without spaces around them and empty ones."""
    return tuple(entry for each in text.split(",") if (entry := each.strip()))


def some_text(text: str) -> str:
    """Return a text that is not blank."""
    if not text.strip():
        raise ValueError("it is empty")
    return text


def file_text(path: str) -> str:
    """Return what a text file holds, which no message shows."""
    try:
        return Path(path).read_text("utf-8")
    except OSError as error:
        raise ValueError(f"{path!r} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path!r} is no PEM file") from None


def readable_file(path: str) -> str:
    """Return the path of a text file that can be read."""
    file_text(path)
    return path
