"""The table of settings: the names of options, and what a server without options does."""

import re
from pathlib import Path

from fake_runway.core.scenario.settings import (
    ACCOUNT,
    DEFAULT_MAX_DURATION_S,
    SESSION,
    Limits,
    Settings,
)

ROOT = Path(__file__).parents[5]


def test_an_option_is_called_like_its_key_unless_it_has_a_name_of_its_own() -> None:
    """With hyphens, as options are written."""
    names = {each.key: each.option_name for each in (*ACCOUNT, *SESSION)}
    assert names["custom_avatars"] == "avatar"
    assert {key: name for key, name in names.items() if key != "custom_avatars"} == {
        key: key.replace("_", "-") for key in names if key != "custom_avatars"
    }


def test_the_limits_are_those_of_the_documentation() -> None:
    """docs/scenarios.md shows them in its table."""
    table = (ROOT / "docs/scenarios.md").read_text()
    limits = Limits()
    for name in ("credits", "concurrency", "daily", "retained"):
        said = re.search(rf"^\| `{name}` \|.*\| `(\d+)` \|$", table, re.M)
        assert said is not None
        assert int(said[1]) == getattr(limits, name)


def test_a_server_without_options_is_as_strict_as_the_published_api() -> None:
    """What makes it more forgiving has to be said; `docs/fidelity.md` has the sources."""
    usual = Settings()
    assert (usual.version_required, usual.strict_keys, usual.materialise) == (True, True, False)
    assert (usual.deleted_again, usual.retry_after, usual.doc_url) == (True, True, True)
    assert DEFAULT_MAX_DURATION_S == 5 * 60


def test_the_words_of_delete_again_are_the_statuses_that_answer_it() -> None:
    """Of a session that has ended: no content, or not found."""
    [switch] = [each for each in ACCOUNT if each.key == "delete_again"]
    assert switch.notation.schema == {"enum": [204, 404]}
    assert [switch.notation.parse(word) for word in (204, 404)] == [True, False]
