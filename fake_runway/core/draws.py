"""Random choices as pure functions of (seed, world, what, ordinal).

A generator has a position, and every draw moves it for all later draws: one more fault would give
every later session another id. Here no generator is kept. The 17th session's provisioning time is
`draw(seed, world, "provision", 17)`, however often it is asked for, and in any order.
"""

from dataclasses import dataclass
from hashlib import blake2b

_SPAN = 1 << 52  # a float holds one bit more exactly: the half that `unit` adds


def draw(seed: str, world: str, what: str, ordinal: int) -> bytes:
    """Return the 16 bytes of this draw. `repr` keeps the four parts apart."""
    question = repr((seed, world, what, ordinal))
    return blake2b(question.encode(), digest_size=16).digest()


def unit(raw: bytes) -> float:
    """Return the first 8 bytes of `raw` as a float in the open interval (0, 1)."""
    bits = int.from_bytes(raw[:8]) >> 12
    return (bits + 0.5) / _SPAN


@dataclass(frozen=True, slots=True)
class Draws:
    """All draws of one world."""

    seed: str
    world: str

    def number(self, what: str, ordinal: int) -> float:
        """Return a float in the open interval (0, 1)."""
        return unit(draw(self.seed, self.world, what, ordinal))

    def token(self, what: str, ordinal: int) -> str:
        """Return 32 hexadecimal digits."""
        return draw(self.seed, self.world, what, ordinal).hex()

    def uuid(self, what: str, ordinal: int) -> str:
        """Return a version 4 UUID in its usual form."""
        raw = draw(self.seed, self.world, what, ordinal).hex()
        variant = "89ab"[int(raw[16], 16) & 3]
        return f"{raw[:8]}-{raw[8:12]}-4{raw[13:16]}-{variant}{raw[17:20]}-{raw[20:]}"
