"""Which store several servers share. Nothing here needs its client."""

from dataclasses import field

from fake_runway.core.values import dataclass


class StoreError(Exception):
    """A store that cannot be used: why, in a sentence."""


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """The Redis that workers share.

    Attributes:
        url: may hold a password.
        seed: of this worker's names in it.
        expires_s: how long a world stays that no worker has.
        host: where other machines reach this one; empty: where it listens.
        lease_s: how long a worker that has ended without a word keeps its worlds.
    """

    url: str = field(repr=False)
    seed: str
    expires_s: float
    host: str = ""
    lease_s: float = 6.0
