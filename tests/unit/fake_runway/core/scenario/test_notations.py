"""How values of settings are written: as data of a scenario and as text of an option."""

from enum import Enum
from typing import Any

import jsonschema
import pytest

from fake_runway.core.scenario.notations import (
    AVATARS,
    CAP,
    COUNT,
    DURATION,
    FLAG,
    JOIN_TIME,
    NUMBER,
    ROOM,
    RUNNING_ON,
    SPAN,
    Notation,
    choice,
    member,
)

ONE = "550e8400-e29b-41d4-a716-446655440000"
OTHER = "650E8400-E29B-41D4-A716-446655440000"


@pytest.mark.parametrize(
    ("notation", "given", "value"),
    [
        (COUNT, "unlimited", None),
        (COUNT, 0, 0),
        (COUNT, "12", 12),
        (COUNT, "0" * 23 + "5", 5),
        (COUNT, str(2**53 - 1), 2**53 - 1),
        (AVATARS, "any", None),
        (AVATARS, [ONE, "any"], None),
        (AVATARS, OTHER, {OTHER.lower()}),
        (AVATARS, [ONE, OTHER], {ONE, OTHER.lower()}),
        (AVATARS, [], set()),
        (CAP, "none", None),
        (CAP, "5m", 300.0),
        (choice({204: True, 404: False}), "404", False),
        (choice({204: True, 404: False}), 204, True),
    ],
)
def test_data_and_text_stand_for_a_value(notation: Notation, given: Any, value: Any) -> None:
    """An option has text only, so numbers are read from it as well."""
    assert notation.parse(given) == value


@pytest.mark.parametrize("given", ["", "-1", "1.5", "٣", "²", "many", " 1"])
def test_what_is_no_count_is_refused(given: str) -> None:
    """Digits of other scripts are none."""
    with pytest.raises(ValueError, match="expected a whole number from 0 or `unlimited`, got"):
        COUNT.parse(given)


@pytest.mark.parametrize("given", ["", "none", ONE[:-1], f"{ONE}0", [ONE, "x"], ["any", "x"]])
def test_what_is_no_avatar_is_refused(given: str | list[str]) -> None:
    """Each of several has to be one."""
    with pytest.raises(ValueError, match="expected a UUID or `any`, got"):
        AVATARS.parse(given)


@pytest.mark.parametrize(
    ("notation", "given", "allowed"),
    [
        *[(NUMBER, number, number >= 0) for number in (-1, 0, 1)],
        *[(COUNT, number, number >= 0) for number in (-1, 0, 1)],
        (COUNT, "unlimited", True),
        (COUNT, "12", False),
        (ROOM, "", False),
        (ROOM, "r", True),
        (ROOM, None, True),
        (AVATARS, [ONE[:-1]], False),
        (AVATARS, [ONE], True),
        (SPAN, "1s more", False),
        (CAP, "none", True),
    ],
)
def test_the_schema_allows_what_data_may_be(notation: Notation, given: Any, allowed: bool) -> None:
    """And nothing beyond."""
    assert jsonschema.Draft202012Validator(dict(notation.schema)).is_valid(given) == allowed


class Colour(Enum):
    """Made up."""

    RED = "red"


def test_which_defaults_a_schema_names() -> None:
    """Those of choices and counts; a plain number or a span needs its unit beside it."""
    assert all(each.shows_default for each in (COUNT, FLAG, RUNNING_ON, choice({"a": 1})))
    assert member(Colour).shows_default
    others = (NUMBER, DURATION, SPAN, CAP, AVATARS, ROOM, JOIN_TIME)
    assert not any(each.shows_default for each in others)


@pytest.mark.parametrize(
    ("notation", "number"),
    [(COUNT, "0" * 24 + "5"), (COUNT, 2**53), (COUNT, str(2**53)), (NUMBER, -1), (NUMBER, 10**30)],
)
def test_what_is_no_whole_number_in_bounds_is_refused(
    notation: Notation, number: int | str
) -> None:
    """Numbers that JSON cannot carry exactly, texts that are too long to be read, and negatives."""
    with pytest.raises(ValueError, match="expected a whole number from 0 to 9007199254740991"):
        notation.parse(number)
