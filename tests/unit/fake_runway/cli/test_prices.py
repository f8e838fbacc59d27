"""`fake-runway prices` as a user types it, and the page that shows its output."""

import json
from pathlib import Path

from click.testing import CliRunner

from fake_runway.cli.prices import prices
from fake_runway.core.tasks.table import MODELS

PAGE = Path(__file__).parents[4] / "docs" / "prices.md"


def run(*arguments: str) -> str:
    """Return what the command prints."""
    result = CliRunner().invoke(prices, arguments)
    assert result.exit_code == 0
    return result.stdout


def test_the_page_is_what_the_command_writes() -> None:
    """`fake-runway prices --markdown > docs/prices.md` changes nothing."""
    assert PAGE.read_text() == run("--markdown")


def test_every_row_is_listed() -> None:
    """A model, its price and its certainty on each line."""
    lines = run().splitlines()

    assert [line.split()[0] for line in lines] == [each.id for each in MODELS]
    assert "gen4_turbo                        5 a second  (high)" in lines


def test_every_row_is_there_for_programs() -> None:
    """With its endpoints, its source and what it assumes."""
    rows = json.loads(run("--json"))

    assert {(each, row["model"]) for row in rows for each in row["endpoints"]} == MODELS.pairs()
    assert rows[0] == {
        "model": "gen4.5",
        "endpoints": ["image_to_video", "text_to_video"],
        "output": "video",
        "price": "12 a second; plus 5 a second for prores and png_sequence, 20 for formats of 10"
        " bits and more (40 above 4 megapixels)",
        "certainty": "high",
        "source": "price page, calculator, skills",
        "defaults": {"duration": 5, "ratio": "1280:720"},
        "typicalSeconds": 90.0,
    }
