"""Our document of the whole API is what the tool makes of the published one, and means the same.

The published document is not ours to ship. The tests read it from where RUNWAY_OPENAPI points, else
from beside the repository, and are skipped if it is not there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import pytest
from click.testing import CliRunner

from contracts.cli import main
from contracts.drift.compare import differences
from contracts.wire.documents import IMPORTED, METHODS, Contract, load
from contracts.wire.overlay import ours
from contracts.wire.published import imported, operations
from contracts.wire.shapes import Shapes, check
from tests.unit.contracts.wire.sampled import sampled

BESIDE = Path(__file__).parents[5] / "shared" / "reference" / "runway-openapi.json"
COMMITTED = Path(__file__).parents[4] / "contracts/wire/schemas/runway-api.json"
Node = dict[str, Any]


@pytest.fixture(scope="module")
def file() -> Path:
    """The published file."""
    found = Path(os.environ.get("RUNWAY_OPENAPI", BESIDE))
    if not found.is_file():
        pytest.skip(f"the published OpenAPI document is not at {found}; set RUNWAY_OPENAPI")
    return found


@pytest.fixture(scope="module")
def published(file: Path) -> Node:
    """The published document."""
    document: Node = orjson.loads(file.read_bytes())
    return document


def test_importing_again_gives_the_committed_bytes(file: Path, tmp_path: Path) -> None:
    """`runway-contracts import-spec` makes what is committed; if it does not, commit the result."""
    result = CliRunner().invoke(main, ["import-spec", str(file), "-o", str(tmp_path / "made.json")])

    assert (result.exit_code, result.output) == (0, "")
    assert (tmp_path / "made.json").read_bytes() == COMMITTED.read_bytes()


def bodies(document: Node) -> Iterator[tuple[str, str, str, Node]]:
    """Yield method, path and place of every JSON body, with its published schema."""
    for path, item in document["paths"].items():
        for method in METHODS:
            node = item.get(method, {})
            contents = {"body": node.get("requestBody", {}), **node.get("responses", {})}
            for place, each in contents.items():
                if "application/json" in each.get("content", {}):
                    yield method.upper(), path, place, each["content"]["application/json"]["schema"]


def agreement(published: Node, count: int) -> None:
    """Compare the published schemas with what is imported of them, on so many values each."""
    plain = Contract("plain", imported(published))
    accepted = refused = 0
    for method, path, place, schema in bodies(published):
        operation = plain.operation(method, path)
        assert operation is not None
        mine = operation.request if place == "body" else operation.responses[int(place)].schema
        assert mine is not None
        theirs = jsonschema_rs.Draft202012Validator(schema)
        check_mine = check(mine)
        for value in sampled(schema, count, seed=f"{method} {path} {place}"):
            is_valid = theirs.is_valid(value)
            assert check_mine.is_valid(value) == is_valid, (method, path, place, value)
            accepted, refused = accepted + is_valid, refused + (not is_valid)
    assert accepted > 40 * count
    assert refused > 10 * count


def test_what_is_imported_means_the_same(published: Node) -> None:
    """A body is valid to the published schema if and only if it is to ours without the overlay."""
    agreement(published, 6)


@pytest.mark.exhaustive
def test_what_is_imported_means_the_same_of_very_many_values(published: Node) -> None:
    """The same, of many values."""
    agreement(published, 150)


def test_the_overlay_only_adds(published: Node) -> None:
    """What the published schemas accept, our document accepts, too; refusals are our own."""
    contract = load(IMPORTED)
    tried = 0
    for method, path, place, schema in bodies(published):
        operation = contract.operation(method, path)
        if operation is None or place[0] == "4":  # by hand, or a refusal
            continue
        mine = operation.request if place == "body" else operation.responses[int(place)].schema
        assert mine is not None
        theirs, check_mine = jsonschema_rs.Draft202012Validator(schema), check(mine)
        for value in sampled(schema, 6, seed=f"{method} {path} {place} more"):
            if theirs.is_valid(value):
                tried += 1
                assert check_mine.is_valid(value), (method, path, place, value)
    assert tried > 200


def test_every_change_of_the_overlay_does_something(published: Node) -> None:
    """Nothing in the overlay is published by now, or speaks of what is not there."""
    assert ours().idle(operations(published)) == []


def test_a_newer_document_may_have_dropped_any_model(published: Node) -> None:
    """What is like it in the overlay is left out; every other operation is as before."""
    given = list(operations(published))
    dropped = 0
    for place, one in enumerate(given):
        body = one.body or {}
        for model in body["oneOf"] if "discriminator" in body else ():
            left = [each for each in body["oneOf"] if each is not model]
            without = replace(one, body={**body, "oneOf": left})
            ours().changed([*given[:place], without, *given[place + 1 :]])
            dropped += 1
    assert dropped > 40


def test_every_published_operation_is_described_once(published: Node) -> None:
    """Each operation is in the document by hand or in the imported one, and in one of them."""
    every = {each.key for each in operations(published)}
    by_hand = {f"{each.method} {each.template}" for each in load("runway").operations()}
    made = {f"{each.method} {each.template}" for each in load(IMPORTED).operations()}

    assert every - by_hand <= made
    assert not by_hand & made
    assert made - every == {"POST /v1/video_to_audio", "POST /v1/video_to_hdr"}


def test_no_prose_is_taken_over(published: Node) -> None:
    """No sentence of the published document is in ours."""
    sentences = {
        text
        for node in _nodes(published)
        for key in ("description", "summary", "title", "example")
        if isinstance(text := node.get(key), str) and " " in text
    }
    committed = COMMITTED.read_text()

    assert len(sentences) > 300
    assert [text for text in sentences if text in committed] == []


def _nodes(node: Any) -> Iterator[Node]:
    if isinstance(node, dict):
        yield node
    for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _nodes(each)


def test_the_published_document_has_no_news_for_the_imported_one(published: Node) -> None:
    """The comparison finds the two alike, once both know what the overlay knows."""
    again = imported(published, ours())

    assert list(differences(again, load(IMPORTED).raw, outside=True)) == []


def test_a_newer_published_document_is_served_at_once(published: Node) -> None:
    """A model that is put into the published document is known, and it is the only news."""
    newer = orjson.loads(orjson.dumps(published))
    post = newer["paths"]["/v1/text_to_image"]["post"]
    union = post["requestBody"]["content"]["application/json"]["schema"]["oneOf"]
    union.append({**union[0], "properties": {**union[0]["properties"], "model": {"const": "gen6"}}})

    given = Shapes.load().with_spec(newer, ours())

    assert Shapes.load().news(given) == ["POST /v1/text_to_image has a new model: gen6"]


def test_drift_tells_what_is_new(published: Node, file: Path, tmp_path: Path) -> None:
    """Of the document that was imported nothing, of a newer one the new model and operation."""
    newer = orjson.loads(orjson.dumps(published))
    post = newer["paths"]["/v1/text_to_image"]["post"]
    union = post["requestBody"]["content"]["application/json"]["schema"]["oneOf"]
    union.append({**union[0], "properties": {**union[0]["properties"], "model": {"const": "gen6"}}})
    newer["paths"]["/v1/text_to_smell"] = {"post": post}
    changed = tmp_path / "newer.json"
    changed.write_bytes(orjson.dumps(newer))

    before = CliRunner().invoke(main, ["drift", "--spec", str(file)])
    after = CliRunner().invoke(main, ["drift", "--spec", str(changed)])

    assert (before.exit_code, after.exit_code) == (0, 0)
    assert "0 breaking for clients, 0 breaking for us, 0 harmless" in before.output
    assert "2 harmless" in after.output
    assert "[harmless] added: CreateTextToImage<gen6>:added" in after.output
    assert "[harmless] added: POST /v1/text_to_smell:new" in after.output
