"""The mutants that are known to survive, from survivors.toml."""

import tomllib
from pathlib import Path

from tests.mutants.mutant import Mutant

SURVIVORS = Path(__file__).with_name("survivors.toml")
Key = tuple[str, str, str]
"""A file and the line before and after: numbers of lines move."""


def key_of(mutant: Mutant) -> Key:
    """Return what a mutant is listed by."""
    return mutant.file, mutant.before, mutant.after


def listed() -> dict[Key, str]:
    """Return the survivors that are known, each with the reason why no test can tell it."""
    rows = tomllib.loads(SURVIVORS.read_text()).get("survivor", [])
    return {(each["file"], each["before"], each["after"]): each["reason"] for each in rows}
