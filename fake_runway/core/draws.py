"""Random choices as pure functions of (seed, world, what, ordinal).

A generator has a position, and every draw moves it for all later draws: one more fault would give
every later session another id. Here no generator is kept. The 17th session's provisioning time is
`draw(seed, world, "provision", 17)`, however often it is asked for, and in any order.
"""

from dataclasses import field
from hashlib import blake2b
from struct import Struct

from fake_runway.core.values import dataclass

_SIZE = 16  # bytes
_MOST_BEGINNINGS = 32  # of a world: faults of single sessions draw under a name of their own
_FIRST_BITS = Struct(">Q").unpack_from
_SPAN = 1 << 52  # a float holds one bit more exactly: the half that `unit` adds


def draw(seed: str, world: str, what: str, ordinal: int) -> bytes:
    """Return the 16 bytes of this draw. `repr` keeps the four parts apart."""
    question = repr((seed, world, what, ordinal))
    return blake2b(question.encode(), digest_size=_SIZE).digest()


def unit(raw: bytes) -> float:
    """Return the first 8 bytes of `raw` as a float in the open interval (0, 1)."""
    bits: int = _FIRST_BITS(raw)[0]
    return ((bits >> 12) + 0.5) / _SPAN


@dataclass(frozen=True, slots=True)
class Draws:
    """All draws of one world.

    Attributes:
        _beginnings: of questions that are asked often, all before the ordinal: `repr` takes as long
            as the hash. With a place in it: the whole question, to be formatted.
    """

    seed: str
    world: str
    _beginnings: dict[str | tuple[str, str], bytes] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def number(self, what: str, ordinal: int) -> float:
        """Return a float in the open interval (0, 1)."""
        return unit(self._drawn(what, ordinal).digest())

    def number_of(self, what: str, one: tuple[str, int], ordinal: int) -> float:
        """Return `number(f"{what} {name} {place}", ordinal)`, where `one` is name and place.

        Only the name is in the beginning that is kept: the places are those of all sessions.
        """
        name, place = one
        question = self._beginnings.get((name, what))
        if question is None:
            question = self._asked_of_places(what, name)
        return unit(blake2b(question % (place, ordinal), digest_size=_SIZE).digest())

    def _asked_of_places(self, what: str, name: str) -> bytes:
        """Return the question about any place and ordinal, and keep it."""
        # as `repr` writes a text, digits at its end change nothing before them
        before = repr((self.seed, self.world, f"{what} {name} ", 0)).removesuffix(", 0)").encode()
        question = before[:-1].replace(b"%", b"%%") + b"%d" + before[-1:] + b", %d)"
        return self._kept((name, what), question)

    def token(self, what: str, ordinal: int) -> str:
        """Return 32 hexadecimal digits."""
        return self._drawn(what, ordinal).hexdigest()

    def uuid(self, what: str, ordinal: int) -> str:
        """Return a version 4 UUID in its usual form."""
        raw = self._drawn(what, ordinal).hexdigest()
        variant = "89ab"[int(raw[16], 16) & 3]
        return f"{raw[:8]}-{raw[8:12]}-4{raw[13:16]}-{variant}{raw[17:20]}-{raw[20:]}"

    def _drawn(self, what: str, ordinal: int) -> blake2b:
        """Return the hash whose digest is `draw(seed, world, what, ordinal)`."""
        beginning = self._beginnings.get(what)
        if beginning is None:
            beginning = repr((self.seed, self.world, what, 0)).removesuffix("0)").encode()
            self._kept(what, beginning)
        return blake2b(b"%b%d)" % (beginning, ordinal), digest_size=_SIZE)

    def _kept(self, key: str | tuple[str, str], question: bytes) -> bytes:
        if len(self._beginnings) < _MOST_BEGINNINGS:
            self._beginnings[key] = question
        return question
