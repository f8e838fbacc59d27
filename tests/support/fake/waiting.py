"""Waits for events of a fake, by its own admin API, instead of sleeping."""

from tests.support.processes import PATIENCE_S
from tests.support.servers import HEADERS, Fake

WAIT_S = min(PATIENCE_S, 120.0)  # no wait of the admin API may be longer


async def called(fake: Fake, operation: str, *, count: int = 1) -> None:
    """Return once the world of the usual secret has applied so many calls of an operation."""
    answer = await fake.client.post(
        "/__admin/await/calls",
        headers=HEADERS,
        json={
            "match": {"operation": operation},
            "count": count,
            "timeout": f"{WAIT_S:g}s",
        },
    )
    assert answer.status == 200, answer
