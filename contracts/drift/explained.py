"""The known differences between our Runway contract and the published document, and their reasons.

`SOURCES.md` has them as a table for people; this module parses it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import resources

from contracts.drift.compare import Difference

HEADING = "## Differences from the published OpenAPI"
_ROW = re.compile(
    r"^\| `(?P<id>[^`]+)` \| (?P<operations>[^|]+) \| [^|]+"
    r" \| (?P<published>[^|]+) \| [^|]+ \| (?P<why>[^|]+) \|$"
)
_WORD = re.compile(r"\w{1,20}")
_FIXED = re.compile(r"`([^`]+)`")


class BadTable(ValueError):
    """A line of the table has another form, or an id occurs twice."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """One line: a difference, the operations that meet it, and why it is so.

    `fixed` is the `fingerprint` of the published side that the reason is about, None if it holds
    for any. When that side changes, the line explains nothing any more.
    """

    id: str
    operations: frozenset[str]
    fixed: str | None
    why: str

    def explains(self, difference: Difference) -> bool:
        """Return whether this line explains `difference`."""
        return (
            difference.id == self.id
            and difference.operation in self.operations
            and self.fixed in (None, fingerprint(difference.now))
        )


def fingerprint(text: str) -> str:
    """Return `text`, without quotes, if it is one short word, else the beginning of its SHA-256."""
    text = text.strip('"')
    if _WORD.fullmatch(text):
        return text
    return sha256(text.encode()).hexdigest()[:8]


@cache
def explanations() -> Mapping[str, Explanation]:
    """Read the table, once; the explanations by the id of their difference.

    Raises:
        BadTable: the table of this package is not well formed.
    """
    text = (resources.files("contracts.wire") / "SOURCES.md").read_text(encoding="utf-8")
    return parsed(text)


def parsed(text: str) -> Mapping[str, Explanation]:
    """Return the explanations in the Markdown `text` by the id of their difference.

    Raises:
        BadTable: a line has another form, or an id occurs twice.
    """
    section = text.partition(HEADING)[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    found: dict[str, Explanation] = {}
    for line in lines[2:]:
        row = _ROW.match(line)
        if row is None:
            raise BadTable(f"expected six cells and an id in backticks: {line}")
        if row["id"] in found:
            raise BadTable(f"expected each id once, got {row['id']} again")
        fixed = _FIXED.search(row["published"])
        operations = frozenset(each.strip() for each in row["operations"].split(","))
        why = row["why"].strip()
        found[row["id"]] = Explanation(row["id"], operations, fixed[1] if fixed else None, why)
    return found


def explanation(difference: Difference) -> str | None:
    """Return the reason of `difference`, None if there is none."""
    known = explanations().get(difference.id)
    return known.why if known and known.explains(difference) else None
