"""Draws: numbers, tokens and ids that depend on the question alone."""

from __future__ import annotations

import hashlib
import re
import uuid
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_runway.core.draws import Draws, draw, unit
from tests.unit.fake_runway.core.playing import LAW

UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")

names = st.text(max_size=20)
ordinals = st.integers(0, 2**63)
questions = st.tuples(names, names, names, ordinals)


def test_a_draw_is_the_hash_of_the_question() -> None:
    """Computed by hand: BLAKE2b, 16 bytes, of the four parts as Python writes them."""
    by_hand = hashlib.blake2b(b"('seed', 'my world', 'provision', 17)", digest_size=16).digest()

    assert draw("seed", "my world", "provision", 17) == by_hand
    assert Draws("seed", "my world").token("provision", 17) == by_hand.hex()


@LAW
@given(names, names, st.lists(st.tuples(names | st.sampled_from("ab"), ordinals), max_size=50))
def test_the_draws_of_a_world_are_draws(
    seed: str, world: str, asked: list[tuple[str, int]]
) -> None:
    """However many questions there are, and whether a part of one is known from another."""
    draws = Draws(seed, world)
    for what, ordinal in asked:
        assert draws.token(what, ordinal) == draw(seed, world, what, ordinal).hex()


@LAW
@given(
    names,
    names,
    st.lists(st.tuples(names | st.sampled_from("ab"), st.integers(-1, 99)), max_size=50),
)
def test_draws_about_one_of_many_are_draws(
    seed: str, world: str, asked: list[tuple[str, int]]
) -> None:
    """Whatever its name is, and also where another question is called like it."""
    draws = Draws(seed, world)
    for number, (name, place) in enumerate(asked):
        draws.token(name, number)
        expected = unit(draw(seed, world, f"fault {name} {place}", number))
        assert draws.number_of("fault", (name, place), number) == expected


@LAW
@given(questions, questions)
def test_different_questions_have_different_answers(
    one: tuple[str, str, str, int], other: tuple[str, str, str, int]
) -> None:
    """No two questions are confused, wherever their parts are cut."""
    assert (draw(*one) == draw(*other)) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a", "bc", "d", 1), ("ab", "c", "d", 1)),
        (("a', 'b", "c", "d", 1), ("a", "b', 'c", "d", 1)),
        (("", "a", "d", 1), ("a", "", "d", 1)),
        (("a", "b", "c1", 1), ("a", "b", "c", 11)),
    ],
)
def test_the_parts_of_a_question_are_kept_apart(
    one: tuple[str, str, str, int], other: tuple[str, str, str, int]
) -> None:
    """Moving text from one part into the next makes another question."""
    assert draw(*one) != draw(*other)


@LAW
@given(seed=names, world=names, what=names, ordinal=ordinals)
def test_a_number_lies_strictly_between_0_and_1(
    seed: str, world: str, what: str, ordinal: int
) -> None:
    """Neither bound is ever drawn, so that inverse distribution functions are defined."""
    assert 0 < Draws(seed, world).number(what, ordinal) < 1


@LAW
@given(st.binary(min_size=8, max_size=16))
def test_any_bytes_make_a_number_strictly_between_0_and_1(raw: bytes) -> None:
    """Not only likely bytes do: no rounding reaches a bound."""
    assert 0 < unit(raw) < 1


def test_the_extremes_are_inside_and_mirror_each_other() -> None:
    """The smallest and the largest number are equally far from their bounds, and not on them."""
    low, high = unit(bytes(16)), unit(b"\xff" * 16)

    assert 0 < low < high < 1
    assert low == 1 - high


@LAW
@given(st.binary(min_size=8, max_size=8), st.binary(min_size=8, max_size=8))
def test_larger_bytes_make_larger_numbers(one: bytes, other: bytes) -> None:
    """The map from bytes to numbers keeps the order, so numbers are spread as bytes are."""
    low, high = sorted((one, other))

    assert unit(low) <= unit(high)


def test_numbers_are_spread_evenly() -> None:
    """Of 10,000 draws about a thousand fall into each tenth."""
    draws = Draws("seed", "world")
    tenths = [0] * 10

    for ordinal in range(10_000):
        tenths[int(draws.number("provision", ordinal) * 10)] += 1

    assert all(850 < count < 1150 for count in tenths)  # five standard deviations


@LAW
@given(seed=names, world=names, what=names, ordinal=ordinals)
def test_ids_are_version_4_uuids(seed: str, world: str, what: str, ordinal: int) -> None:
    """Every id has the published form, and the standard library reads it the same way."""
    drawn = Draws(seed, world).uuid(what, ordinal)

    assert UUID4.fullmatch(drawn)
    assert str(uuid.UUID(drawn)) == drawn
    assert uuid.UUID(drawn).version == 4
    assert uuid.UUID(drawn).variant == uuid.RFC_4122


def test_all_variants_of_ids_occur() -> None:
    """The two free bits beside the variant are drawn, too."""
    draws = Draws("seed", "world")

    assert {draws.uuid("session-id", ordinal)[19] for ordinal in range(100)} == set("89ab")


@LAW
@given(
    asked=st.lists(st.tuples(st.sampled_from(["id", "key", "fault"]), st.integers(0, 20))),
    order=st.randoms(use_true_random=False),
)
def test_the_order_of_questions_does_not_matter(
    asked: list[tuple[str, int]], order: Random
) -> None:
    """Asking in another order, or more often, or for other things, gives the same answers."""
    draws = Draws("seed", "world")
    straight = {one: draws.token(*one) for one in asked}
    shuffled = [*asked, *asked, ("new", 0)]
    order.shuffle(shuffled)
    again = {one: draws.token(*one) for one in shuffled}

    assert {one: again[one] for one in asked} == straight


def test_a_hundred_thousand_ids_do_not_collide() -> None:
    """Ids of one world are all different, although six of their bits are fixed."""
    draws = Draws("seed", "world")

    assert len({draws.uuid("session-id", ordinal) for ordinal in range(100_000)}) == 100_000


def test_key_and_id_have_nothing_in_common() -> None:
    """The purpose is part of the question: id and key of a session have nothing in common."""
    draws = Draws("seed", "world")

    for ordinal in range(100):
        assert draws.token("session-key", ordinal) != draws.token("session-id", ordinal)


@LAW
@given(seed=names, world=names, what=names, ordinal=ordinals)
def test_an_id_is_its_draw_but_for_six_bits(seed: str, world: str, what: str, ordinal: int) -> None:
    """Version and variant take the place of what was drawn there."""
    draws = Draws(seed, world)
    drawn = int(draws.token(what, ordinal), 16)
    fixed = (0xF << 76) | (0x3 << 62)

    assert uuid.UUID(draws.uuid(what, ordinal)).int == drawn & ~fixed | (4 << 76) | (2 << 62)
