"""The five servers in the seed documents, cut out of their text. Nothing of them is copied here."""

import os
import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

FOLDER = Path(os.environ.get("SEEDS") or Path(__file__).parents[3] / "shared" / "seeds")

_FENCED = re.compile(r"^```typescript\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# This document has lost its fences: code ends where a word follows a brace without a space.
_UNFENCED = re.compile(r"import Runway from .*?^\}(?=[A-Za-z])", re.DOTALL | re.MULTILINE)
_ACTION = re.compile(r"^export async function (\w+)\(avatarId: string\)", re.MULTILINE)


class Kind(Enum):
    """The form in which a seed is served."""

    ROUTE = "route"  # exports POST, a Next.js route handler
    ACTION = "action"  # exports an async function of the avatar's id, a Next.js server action
    EXPRESS = "express"  # an Express application


@dataclass(frozen=True, slots=True)
class Seed:
    """One server, in TypeScript. `export`: what a ROUTE or an ACTION exports."""

    code: str
    kind: Kind
    export: str = ""


def read_seeds() -> list[Seed]:
    """Return the servers of the two documents in `FOLDER`, in the order of their text.

    Raises:
        FileNotFoundError: they are not there.
    """
    endpoint = (FOLDER / "connect-endpoint.md").read_text()
    guide = (FOLDER / "server-setup-guide.md").read_text()
    blocks = _UNFENCED.findall(endpoint) + _FENCED.findall(guide)
    return [_seed(block) for block in blocks if "from '@runwayml/sdk'" in block]


def _seed(code: str) -> Seed:
    if "express()" in code:
        return Seed(code, Kind.EXPRESS)
    if action := _ACTION.search(code):
        return Seed(code, Kind.ACTION, action[1])
    return Seed(code, Kind.ROUTE, "POST")
