"""Random choices as pure functions of (seed, world, what, ordinal).

A generator has a position, and every draw moves it for all later draws: one more fault would give
every later session another id. Here no generator is kept. The 17th session's provisioning time is
`draw(seed, world, "provision", 17)`, however often it is asked for, and in any order.
"""

from dataclasses import field
from hashlib import blake2b

from fake_runway.core.values import dataclass

_SIZE = 16  # bytes
_MOST_BEGINNINGS = 32  # of a world: faults of single sessions draw under a name of their own
_SPAN = 1 << 52  # a float holds one bit more exactly: the half that `unit` adds


def draw(seed: str, world: str, what: str, ordinal: int) -> bytes:
    """Return the 16 bytes of this draw. `repr` keeps the four parts apart."""
    question = repr((seed, world, what, ordinal))
    return blake2b(question.encode(), digest_size=_SIZE).digest()


def unit(raw: bytes) -> float:
    """Return the first 8 bytes of `raw` as a float in the open interval (0, 1)."""
    bits = int.from_bytes(raw[:8]) >> 12
    return (bits + 0.5) / _SPAN


@dataclass(frozen=True, slots=True)
class Draws:
    """All draws of one world.

    Attributes:
        _beginnings: of questions that are asked often, all before the ordinal: `repr` takes as long
            as the hash.
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
        known = self._beginnings.get((what, name))
        if known is None:
            # as `repr` writes a text, digits at its end change nothing before them
            known = self._begun((what, name), f"{what} {name} ", unknown=", 0)")
        question = b"%b%d%b, %d)" % (known[:-1], place, known[-1:], ordinal)
        return unit(blake2b(question, digest_size=_SIZE).digest())

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
            beginning = self._begun(what, what, unknown="0)")
        return blake2b(b"%b%d)" % (beginning, ordinal), digest_size=_SIZE)

    def _begun(self, key: str | tuple[str, str], what: str, *, unknown: str) -> bytes:
        """Return a question without its end, and keep it."""
        begun = repr((self.seed, self.world, what, 0)).removesuffix(unknown).encode()
        if len(self._beginnings) < _MOST_BEGINNINGS:
            self._beginnings[key] = begun
        return begun
