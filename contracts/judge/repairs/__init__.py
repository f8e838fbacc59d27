"""What to change in a gateway that breaks a requirement, with a few lines for Node and Python.

A Markdown file for each family. A heading names one requirement, or several with a comma between
them; below it stand a sentence or two, a block of JavaScript and one of Python.
"""

import re
from dataclasses import dataclass
from importlib.resources import files

NAMES = (
    "In the code, `base` and `secret` are RUNWAYML_BASE_URL and RUNWAYML_API_SECRET, `session` is"
    " the id that the create returned, `key` its sessionKey, `headers` have the secret and the"
    " version, and `left()` is the time until the deadline. Python has an httpx.AsyncClient as"
    " `http`."
)
"""What the names in all of the code mean."""
_SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
_CODE = re.compile(r"^```(js|python)\n((?:(?!```).*\n)*+)```$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Repair:
    """What to change: in words, and as code that shows the idea."""

    text: str
    node: str
    python: str


def repair_of(requirement_id: str) -> Repair:
    """Return the repair of one requirement.

    Raises:
        LookupError: there is none, which a test rules out.
    """
    family = requirement_id.partition(".")[0]
    page = files(__name__).joinpath(f"{family}.md")
    if not page.is_file():
        raise LookupError(f"there is no repair of {requirement_id}")
    _, *parts = _SECTION.split(page.read_text(encoding="utf-8"))
    for ids, body in zip(parts[::2], parts[1::2], strict=True):
        if requirement_id in ids.split(", "):
            code = dict(_CODE.findall(body))
            text = " ".join(_CODE.sub("", body).split())
            return Repair(text, code.get("js", "").rstrip(), code.get("python", "").rstrip())
    raise LookupError(f"there is no repair of {requirement_id}")
