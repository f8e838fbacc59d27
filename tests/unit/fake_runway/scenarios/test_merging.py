"""Scenarios that are selected together are merged, or refused: none is dropped."""

from pathlib import Path

import pytest

from fake_runway.core.scenario.scenario import data_of
from fake_runway.scenarios.catalogue import ScenarioFileError
from fake_runway.scenarios.merging import selected


def written(folder: Path, name: str, text: str) -> str:
    """Write a scenario file, and return its path."""
    path = folder / f"{name}.yaml"
    path.write_text(text)
    return str(path)


def test_what_each_says_is_in_the_result(tmp_path: Path) -> None:
    """Settings, lists, avatars and seed; of the catalogue and of files."""
    one = written(
        tmp_path,
        "one",
        "session: {expires_in: 9s, faults: [{effect: {status: 503}, match: {nth: 1}}],"
        " then: [{in: running, event: ended}]}\navatars: {influencer: slow}\n",
    )
    two = written(
        tmp_path,
        "two",
        "account: {credits: 7}\nsession: {faults: [{effect: {status: 502}}],"
        " then: [{in: ready, event: failed}]}\navatars: {tennis-coach: two-b}\nseed: 5\n"
        "---\nname: two-b\nsession: {queued: 1s}\n",
    )
    found = selected(["slow", one, two])
    assert found.scenario is not None
    data = data_of(found.scenario)
    assert (data["name"], data["seed"]) == ("slow-and-one-and-two", "5")
    assert data["account"] == {"credits": 7}
    assert data["session"]["provision_time"] == "15s"
    assert data["session"]["expires_in"] == "9s"
    assert [each["effect"]["status"] for each in data["session"]["faults"]] == [503, 502]
    assert [each["in"] for each in data["session"]["then"]] == ["running", "ready"]
    assert data["avatars"] == {"influencer": "slow", "tennis-coach": "two-b"}
    assert found.files == (one, two)


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ("session: {expires_in: 9s}", "session: {expires_in: 8s}", "session.expires_in: "),
        ("seed: 1", "seed: 2", "at seed: "),
        ("avatars: {influencer: slow}", "avatars: {influencer: never-ready}", "avatars.influencer"),
        (
            "session: {then: [{in: ready, event: failed}]}",
            "session: {then: [{in: ready, event: failed}]}",
            "both say what happens in ready",
        ),
    ],
)
def test_a_contradiction_is_refused(tmp_path: Path, first: str, second: str, words: str) -> None:
    """With the place, the names and, where there are any, both values."""
    files = [written(tmp_path, "one", first), written(tmp_path, "two", second)]
    with pytest.raises(ScenarioFileError, match=words) as caught:
        selected(files)
    assert "two" in str(caught.value)


def test_one_alone_is_itself_and_none_is_none() -> None:
    """Also if it is named twice."""
    assert selected([]).scenario is None
    twice = selected(["slow", "slow"]).scenario
    assert twice is not None
    assert twice.name == "slow"
    with pytest.raises(ScenarioFileError, match="did you mean slow"):
        selected(["slow", "slwo"])
