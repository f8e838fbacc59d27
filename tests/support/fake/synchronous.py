"""`blocking.py` is `aio.py` without `async` and `await`.

`python -m tests.support.fake.synchronous` writes it.
"""

import re
from pathlib import Path

PACKAGE = Path(__file__).parents[3] / "fake_runway" / "client"
SOURCE, TARGET = PACKAGE / "aio.py", PACKAGE / "blocking.py"

_DOCSTRING = '''\
"""The admin API of one world, typed, for callers that block. Standard library only.

Made from `aio.py` by `python -m tests.support.fake.synchronous`; change that file instead.
"""
'''
_RULES = (
    (r"\basync def __aenter__", "def __enter__"),
    (r"\basync def __aexit__", "def __exit__"),
    (r"\basync def\b", "def"),
    (r"async for (\w+) in (.*):\n +yield \1\n", r"yield from \2\n"),
    (r"\bawait ", ""),
    (r"  # noqa: ASYNC.*", ""),
    (r"\b(_?)Async([A-Z])", r"\1\2"),
)


def synchronous(text: str) -> str:
    """Return the source of the blocking client, from that of the other one."""
    text = re.sub(r'\A""".*?"""\n', lambda _: _DOCSTRING, text, flags=re.DOTALL)
    for pattern, replacement in _RULES:
        text = re.sub(pattern, replacement, text)
    return text


if __name__ == "__main__":
    TARGET.write_text(synchronous(SOURCE.read_text()))
