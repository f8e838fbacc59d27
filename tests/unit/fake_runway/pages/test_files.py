"""The files of the pages, as they lie in the packages."""

import gzip
import re
from pathlib import Path

import contracts.report
import fake_runway.pages
from fake_runway.pages.files import CONTENT_TYPES, page_files

FOLDER = Path(fake_runway.pages.__file__).parent
TEMPLATES = Path(contracts.report.__file__).parent / "templates"


def test_pages_and_reports_have_the_same_tokens() -> None:
    """The fake and the judge import nothing of each other; what they look like is one file."""
    assert (TEMPLATES / "tokens.css").read_bytes() == (FOLDER / "tokens.css").read_bytes()


def test_every_token_that_is_used_exists() -> None:
    """A misspelt variable of CSS would be no error anywhere."""
    given = set(re.findall(r"(--[\w-]+):", all_css()))
    given.add("--row")  # the height of a row, from the script of a list
    used = set(re.findall(r"var\((--[\w-]+)", all_css()))

    assert used
    assert used - given == set()


def all_css() -> str:
    """Return every stylesheet of the pages and of the report."""
    sheets = [*FOLDER.rglob("*.css"), *TEMPLATES.glob("*.css")]
    return "\n".join(sheet.read_text() for sheet in sheets)


def test_nothing_of_a_page_comes_from_elsewhere() -> None:
    """No file names an address of another host, and no markup holds a script."""
    for path in FOLDER.rglob("*"):
        if path.suffix not in CONTENT_TYPES or path.suffix == ".png":
            continue
        text = path.read_text()
        assert not re.search(r"(?:src|href|url|import|from)\W{1,3}(?:https?:)?//", text), path
        assert "innerHTML" not in text, path
        if path.suffix == ".html":
            assert not re.search(r"<script(?![^>]* src=)|<style|\son\w+=| style=", text), path


def test_each_file_is_sent_as_it_is() -> None:
    """Every file but modules of Python has a type, and its compressed form is the same."""
    found = page_files()
    lying = {
        path.relative_to(FOLDER).as_posix()
        for path in FOLDER.rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    }

    assert set(found) == lying
    for name, file in found.items():
        raw = (FOLDER / name).read_bytes()
        assert file.raw == raw
        assert file.compressed is None or gzip.decompress(file.compressed) == raw
