"""Random situations, for property tests of gateways. Public.

    @given(situation=strategies.situations(timeout_s=5, marker="upstream"))
    def test_my_gateway(situation): ...

Needs hypothesis, which is part of the `test` extra.
"""

from contracts.judge.strategies import situations

__all__ = ["situations"]
