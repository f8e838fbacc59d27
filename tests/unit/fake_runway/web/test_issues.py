"""Mistakes of a request in the form that the API lists them in."""

import pytest

from contracts.wire.problems import Kind
from contracts.wire.schema import PlainValidator, load
from contracts.wire.shapes import Shapes
from fake_runway.web.issues import CODES, MOST_ISSUES, issues

BODY = {"model": "seedance2", "promptText": "a cat"}


def listed(body: object) -> list[tuple[str, list[str | int], str]]:
    """Return code, path and message of each issue of a body that makes a video."""
    check = Shapes.load().for_operation("POST", "/v1/text_to_video").body
    assert check is not None
    found = issues(check.problems(body))
    (issue, error) = (load("runway").schema(name) for name in ("Issue", "Error"))
    assert [PlainValidator(issue).problems(each) for each in found] == [[]] * len(found)
    assert PlainValidator(error).problems({"error": "x", "issues": found}) == []
    return [(each["code"], each["path"], each["message"]) for each in found]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            {**BODY, "duration": 99},
            ("too_big", ["duration"], "Too big: expected number to be <=15"),
        ),
        (
            {**BODY, "references": [{"uri": 7}]},
            ("invalid_union", ["references", 0, "uri"], "Invalid input"),
        ),
        ({**BODY, "ratio": "1:1"}, ("invalid_value", ["ratio"], "Invalid option: expected one of")),
        (
            {**BODY, "surprise": 1},
            ("unrecognized_keys", [], 'Unrecognized key: "surprise"'),
        ),
        (
            {**BODY, "model": "gen5"},
            ("invalid_value", ["model"], 'Invalid option: expected one of "gen4.5"|"veo3.1"|'),
        ),
        (
            {"model": "seedance2"},
            ("invalid_type", ["promptText"], "Invalid input: expected string, received undefined"),
        ),
        ([], ("invalid_type", [], "Invalid input: expected object, received array")),
    ],
)
def test_an_issue_has_code_path_and_message(
    body: object, expected: tuple[str, list[str | int], str]
) -> None:
    """Of a wrong model, the message names those that exist."""
    ((code, path, message),) = listed(body)

    assert (code, path) == expected[:2]
    assert message.startswith(expected[2])


def test_every_kind_of_problem_has_a_code() -> None:
    """No rule is left without."""
    assert {*CODES} == {*Kind}


def test_an_answer_lists_few_of_many_mistakes() -> None:
    """The first are enough."""
    references = [{"uri": "x", "surprise": number} for number in range(9)]
    many = {**BODY, "references": references, "referenceAudio": references}

    assert len(listed(many)) == MOST_ISSUES
