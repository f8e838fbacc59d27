"""Worlds in a file: the same after a restart, whatever the end of the file looks like."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from fake_runway.clock import VirtualClock, next_turn
from fake_runway.core.files import FileFacts
from fake_runway.core.scenario.settings import Settings
from fake_runway.core.uploads import Content
from fake_runway.replay.record import journal_bytes, record
from fake_runway.scenarios.catalogue import Catalogue
from fake_runway.server.state import worlds_of_file
from fake_runway.worlds.preserved import NotPreserved, restored
from fake_runway.worlds.state_file import StateFile
from fake_runway.worlds.state_place import State, StateFileError, Sync
from fake_runway.worlds.store import KeptWorlds, NotKept
from fake_runway.worlds.world import World
from tests.support.fake.runs import LIVEKIT, START, Ask, Player, scripted

NAME = "a-run"
CATALOGUE = Catalogue.builtin()
NEVER = Sync.NEVER


def still() -> float:
    """Return the seconds of a source that stands."""
    return 0.0


@asynccontextmanager
async def kept(
    path: Path, *, sync: Sync = NEVER, source: Callable[[], float] = still, rate: float = 0.0
) -> AsyncIterator[KeptWorlds]:
    """Give the worlds of a file."""
    options = {"seed": "0", "settings": Settings(), "source": source, "rate": rate}
    async with worlds_of_file(
        State(path, sync), LIVEKIT, {**options, "catalogue": CATALOGUE}
    ) as worlds:
        yield worlds


def begun(worlds: KeptWorlds) -> Player:
    """Return the client of a new world, whose clock stands at a fixed instant."""
    world = World(
        NAME,
        origin=NAME,
        seed="0",
        base=worlds.settings,
        scenario=worlds.scenario,
        catalogue=worlds.catalogue,
        clock=VirtualClock(still, rate=0.0, start=START),
    )
    return Player(worlds, worlds.adopt(world))


def seen(world: World) -> tuple[object, bytes]:
    """Return all that can be seen of a world, as of its clock."""
    return record(world), journal_bytes(world)


@pytest.mark.parametrize("first", range(0, 40, 10))
async def test_goes_on_as_if_nothing_had_been(tmp_path: Path, first: int) -> None:
    """A run whose server is replaced after any call is the run of one server, byte for byte."""
    for number in range(first, first + 10):
        path, steps = tmp_path / f"{number}", scripted(number)
        cut = 1 + number % (len(steps) - 1)
        async with kept(tmp_path / f"whole-{number}") as worlds:
            whole = begun(worlds)
            whole.play_all(steps)
            expected = seen(whole.world)
        async with kept(path) as worlds:
            player = begun(worlds)
            player.play_all(steps[:cut])
            before, learned = seen(player.world), player.learned
        async with kept(path) as worlds:
            world = worlds.named(NAME)
            assert seen(world) == before
            Player(worlds, world, learned).play_all(steps[cut:])
            assert seen(world) == expected, number


async def test_keeps_what_no_call_says(tmp_path: Path) -> None:
    """Snapshots, forks, resets and dropped worlds are there after a restart, or are not."""
    async with kept(tmp_path / "file") as worlds:
        player = begun(worlds)
        player.play_all(scripted(1))
        worlds.snapshot(player.world, "early")
        worlds.fork(player.world, "a-fork")
        player.play_all(scripted(2))
        worlds.reset(worlds.named("reset"), seed="another")
        worlds.drop(worlds.named("dropped").name)
        early = journal_bytes(player.world.snapshots["early"])
        expected = {world.name: seen(world) for world in worlds}
    async with kept(tmp_path / "file") as worlds:
        assert {world.name: seen(world) for world in worlds} == expected
        assert worlds.named("reset").draws.seed == "another"
        again = worlds.restore(worlds.named(NAME), "early")
        assert journal_bytes(again) == early


async def test_lets_clocks_go_on(tmp_path: Path) -> None:
    """A clock is where it would be had the server not stopped, also one that was moved."""
    now = [START]
    async with kept(tmp_path / "file", source=lambda: now[0], rate=1.0) as worlds:
        client = Player(worlds, worlds.named(NAME))
        now[0] += 5
        client.world.clock.jump(100)
        client.ask(Ask("getOrganization"))
        worlds.keep_whole(client.world)
        client.world.clock.set_rate(10)
        worlds.keep_whole(client.world)
    now[0] += 7
    async with kept(tmp_path / "file", source=lambda: now[0], rate=1.0) as worlds:
        clock = worlds.named(NAME).clock
        assert (clock.now(), clock.rate) == (START + 5 + 100 + 70, 10)
    now[0] -= 1_000  # the time of another machine
    async with kept(tmp_path / "file", source=lambda: now[0], rate=1.0) as worlds:
        assert worlds.named(NAME).clock.now() >= START + 105


async def test_drops_a_damaged_end(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Of a file that ends anywhere, or is damaged anywhere, all before that is read."""
    path = tmp_path / "file"
    async with kept(path) as worlds:
        player, store = begun(worlds), worlds.store
        assert isinstance(store, StateFile)
        lengths = [(path.stat().st_size, 0)]
        for step in scripted(5):
            player.play_all([step])
            store.flush()
            lengths.append((path.stat().st_size, len(player.world.log)))
    raw = path.read_bytes()
    for size in range(lengths[0][0], len(raw), 97):
        caplog.clear()
        path.write_bytes(raw[:size] if size % 2 else raw[:size] + bytes([raw[size] ^ 1]))
        async with kept(path) as worlds:
            length, entries = next(each for each in reversed(lengths) if each[0] <= size)
            assert len(worlds.named(NAME).log) >= entries
            assert path.stat().st_size <= size
        whole = path.stat().st_size == size and size % 2 == 1
        said = [each for each in caplog.records if "no whole entry" in each.getMessage()]
        assert len(said) == (0 if whole else 1), (size, length)


async def test_refuses_other_files(tmp_path: Path) -> None:
    """A file of another kind is left as it is, and one in use is not opened a second time."""
    other = tmp_path / "notes.txt"
    other.write_text("something else that is important")
    with pytest.raises(StateFileError, match=r"expected a file of fake-runway"):
        async with kept(other):
            pass
    assert other.read_text() == "something else that is important"
    async with kept(tmp_path / "file"):
        with pytest.raises(StateFileError, match="in use by another server"):
            async with kept(tmp_path / "file"):
                pass
    with pytest.raises(StateFileError, match="No such file"):
        async with kept(tmp_path / "none" / "file"):
            pass


class Evil:
    """What no world holds."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("true",)


def test_runs_nothing_that_a_file_says() -> None:
    """A world in bytes that others wrote can call nothing."""
    import pickle

    for value in (Evil(), os.system, [KeptWorlds], StateFile, print):
        with pytest.raises(NotPreserved):
            restored(pickle.dumps((1, "0", {"world": value})), CATALOGUE, still)
    with pytest.raises(NotPreserved, match="expected a world"):
        restored(b"nothing", CATALOGUE, still)


async def test_writes_anew_what_has_grown(tmp_path: Path) -> None:
    """A file that is mostly past becomes short, also while calls come, and tells the same."""
    path = tmp_path / "file"
    async with kept(path) as worlds:
        player, store = begun(worlds), worlds.store
        assert isinstance(store, StateFile)
        for number in range(30):
            player.play_all(scripted(number))
            worlds.keep_whole(player.world)
            worlds.named(f"other-{number % 3}")
        grown = path.stat().st_size
        writing = asyncio.ensure_future(store.write_anew())
        while not writing.done():
            player.play_all([Ask("getOrganization"), *scripted(3)[:2]])
            await next_turn()
        assert path.stat().st_size < grown / 2
        player.play_all(scripted(4))
        expected = {world.name: journal_bytes(world) for world in worlds}
    async with kept(path) as worlds:
        assert {world.name: journal_bytes(world) for world in worlds} == expected
    assert os.listdir(tmp_path) == ["file"]


def upload(world: World, raw: bytes) -> str:
    """Put a file into a new slot of a world; return the id."""
    rules, at = world.settings.uploads, world.clock.now()
    new = world.uploads.create("a.png", rules=rules, draws=world.draws, at=at)
    world.uploads.store(new.id, FileFacts("image/png", len(raw)), rules=rules, at=at)
    world.uploads.keep(new.id, Content.of(raw))
    return new.id


async def test_keeps_the_bytes_of_uploads_once(tmp_path: Path) -> None:
    """However many uploads and snapshots have them; written anew, those that none has are gone."""
    path, raw, other = tmp_path / "file", *(Random(each).randbytes(50_000) for each in (1, 2))
    async with kept(path) as worlds:
        world, store = begun(worlds).world, worlds.store
        assert isinstance(store, StateFile)
        ids = [upload(world, each) for each in (raw, raw, other)]
        worlds.snapshot(world, "one")
        worlds.keep_whole(world)
        assert 100_000 < path.stat().st_size < 150_000
        world.clock.jump(world.settings.uploads.lifetime_s)
        last = upload(world, raw)
        worlds.keep_whole(world)
        await store.write_anew()
        assert 100_000 < path.stat().st_size < 150_000  # the snapshot has them all
        del world.snapshots["one"]
        worlds.keep_whole(world)
        await store.write_anew()
        assert path.stat().st_size < 75_000
        ids.append(upload(world, other))
        worlds.keep_whole(world)
    async with kept(path) as worlds:
        [world] = worlds
        now = world.clock.now()
        found = [world.uploads.content(each, at=now) for each in (*ids, last)]
        assert found == [None, None, None, other, raw]


async def test_promises_nothing_that_it_cannot_write(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A full disk fails the calls until there is room again; then nothing is missing."""
    path = tmp_path / "file"
    async with kept(path) as worlds:
        player, store = begun(worlds), worlds.store
        fd, store._fd = store._fd, os.open("/dev/full", os.O_WRONLY)  # type: ignore[attr-defined]
        player.play_all([Ask("createSession", body=CREATE)])
        waited = player.world.unkept
        assert waited is not None
        with pytest.raises(NotKept, match="No space left"):
            await waited
        os.close(store._fd)  # type: ignore[attr-defined]
        store._fd = fd  # type: ignore[attr-defined]
        player.ask(Ask("createSession", body=CREATE))
        unkept: object = player.world.unkept
        assert unkept is None
        expected = journal_bytes(player.world)
    async with kept(path) as worlds:
        assert journal_bytes(worlds.named(NAME)) == expected
    assert [each.levelname for each in caplog.records].count("ERROR") == 1


@pytest.mark.parametrize("sync", list(Sync))
async def test_answers_wait_for_the_disk_if_asked(tmp_path: Path, sync: Sync) -> None:
    """With `always` an answer waits until the disk has its call, and else for nothing."""
    async with kept(tmp_path / "file", sync=sync) as worlds:
        player = begun(worlds)
        await next_turn()
        player.play_all([Ask("createSession", body=CREATE)])
        unkept = player.world.unkept
        assert (unkept is not None) is (sync is Sync.ALWAYS)
        if unkept is not None:
            await unkept
            assert player.world.unkept is None


CREATE = {
    "model": "gwm1_avatars",
    "avatar": {"type": "runway-preset", "presetId": "music-superstar"},
}
