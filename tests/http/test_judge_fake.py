"""What the judge reads of a fake."""

import pytest

from contracts.judge.fake import FakeClient, connected
from tests.support.servers import SECRET, StartFake


@pytest.mark.parametrize("creates", [0, 1, 9, 10, 11, 35])
async def test_creates_after_any_other_are_read_in_order(
    creates: int, start_fake: StartFake
) -> None:
    """However many there are: they come in pages, and other requests lie between them."""
    fake = await start_fake()
    for _ in range(creates):
        await fake.get(await fake.create())
    async with connected(fake.url, SECRET) as judge:
        numbers = [each.number for each in await judge.creates(after=0)]

        assert len(numbers) == creates
        assert numbers == sorted(set(numbers))
        assert await judge.newest_create() == max(numbers, default=0)
        for place, number in enumerate(numbers):
            assert await _after(judge, number) == numbers[place + 1 :]


async def _after(judge: FakeClient, number: int) -> list[int]:
    return [each.number for each in await judge.creates(after=number)]
