"""Random situations, for property tests of gateways. Public.

    @given(situation=strategies.situations(timeout_s=5, marker="upstream"))
    def test_my_gateway(situation): ...

A situation says what may go wrong, and expects nothing: what is right depends on what then happens.
Needs hypothesis: `pip install -c constraints.txt '.[examples]'` in the checkout, or else the import
raises an `ImportError` that says so.
"""

from contracts.judge.explore import require_hypothesis

require_hypothesis()

from contracts.judge.strategies import situations  # noqa: E402 - after the clear error

__all__ = ["situations"]
