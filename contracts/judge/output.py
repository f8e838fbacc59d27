"""The output of a target, searched as it comes.

A target may write for ever. Of its text only the end is kept, for people. Secrets are searched in
every line when it is there, so that no volume can hide one; only the lines with a secret are kept,
redacted.
"""

from codecs import IncrementalDecoder, getincrementaldecoder
from collections import deque
from dataclasses import dataclass, field

from contracts.judge.spellings import Searched

KEPT = 1 << 16
"""So many characters of the end are kept."""
LONGEST_LINE = 1 << 16
"""A longer line is searched in parts."""
OVERLAP = 1 << 12
"""So many characters of a part are searched again with the next: no secret is longer."""
MOST_LEAKS = 100
"""So many lines are kept with secrets of one kind: the newest."""
_LAST_LINES = 8
_AROUND = 60


@dataclass(frozen=True, slots=True)
class Leak:
    """A secret in the output.

    Attributes:
        what: it is.
        line: the text around it, redacted.
        at: how many characters were written before.
        beside: the situations that ran meanwhile, beside the one that it is counted for.
    """

    what: str
    line: str
    at: int
    beside: tuple[str, ...] = ()


@dataclass
class Output:
    """What a target has written since it was started.

    Attributes:
        searched: what it must not contain; None: it is not searched.
        written: how many characters there were.
    """

    searched: Searched | None = None
    written: int = 0
    _text: str = ""
    _line: str = ""
    _leaks: dict[str, deque[Leak]] = field(default_factory=dict)
    _decoder: IncrementalDecoder = field(
        default_factory=lambda: getincrementaldecoder("utf-8")(errors="replace")
    )

    def write(self, chunk: bytes | str) -> None:
        """Take what the target has written next, cut anywhere."""
        text = chunk if isinstance(chunk, str) else self._decoder.decode(chunk)
        self._text = (self._text + text)[-KEPT:]
        *whole, rest = (self._line + text).split("\n")
        begin = self.written - len(self._line)
        self.written += len(text)
        if self.searched is None:
            self._line = rest[-OVERLAP:]
            return
        if whole and any(self.searched.found_in("\n".join(whole))):
            at = begin
            for line in whole:
                self._search(line, at)
                at += len(line) + 1
        if len(rest) > LONGEST_LINE:
            self._search(rest, self.written - len(rest))
            rest = rest[-OVERLAP:]
        self._line = rest

    def leaks_since(self, mark: int) -> tuple[Leak, ...]:
        """Return the secrets written after `mark`, an earlier value of `written`."""
        self._search(self._line, self.written - len(self._line))
        return tuple(each for kind in self._leaks.values() for each in kind if each.at >= mark)

    def since(self, mark: int) -> str:
        """Return the text after `mark`, as far as it is kept."""
        new = self.written - mark
        return self._text[-new:] if new else ""

    def last_lines(self) -> str:
        """Return the last lines that are not empty."""
        lines = [line for line in self._text.splitlines() if line.strip()]
        return "\n".join(lines[-_LAST_LINES:])

    def _search(self, line: str, begin: int) -> None:
        if self.searched is None:
            return
        for each in self.searched.found_in(line):
            at, known = (
                begin + each.begin,
                self._leaks.setdefault(each.what, deque(maxlen=MOST_LEAKS)),
            )
            if known and at <= known[-1].at:
                continue  # found before, when the line was not whole
            around = line[max(0, each.begin - _AROUND - OVERLAP) : each.end + _AROUND + OVERLAP]
            known.append(Leak(each.what, _shown(self.searched, around, each.what), at))


def _shown(searched: Searched, text: str, what: str) -> str:
    """Return what stands around the first secret of this kind, redacted before it is cut."""
    redacted, label = searched.redacted(text).strip(), f"[{what}]"
    where = max(0, redacted.find(label))
    begin, end = max(0, where - _AROUND), where + len(label) + _AROUND
    return f"{'…' if begin else ''}{redacted[begin:end]}{'…' if end < len(redacted) else ''}"
