"""Tasks by the admin API, its client and the command line: made, changed, awaited, found."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from threading import Thread
from typing import get_args

import httpx
import pytest
from click.testing import CliRunner, Result

from fake_runway import FakeRunway
from fake_runway.cli.main import main
from fake_runway.client.answers import Conflict, NoSuch, TaskStateName, WaitTimedOut
from fake_runway.client.fake import Fake
from fake_runway.core.lifecycles.task import TASK
from tests.support.fake.tasks import MOVIE
from tests.support.servers import HEADERS

Command = Callable[..., Result]
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def server() -> Iterator[Fake]:
    """A fake in a thread, for all tests of this file."""
    with FakeRunway(frozen=True, task_concurrency="2") as fake:
        yield fake


@pytest.fixture
def fake(server: Fake, request: pytest.FixtureRequest) -> Fake:
    """A world of its own."""
    return server.world(request.node.name.replace("[", "-").rstrip("]")[:40])


@pytest.fixture
def run(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command on that world, as a shell would."""
    monkeypatch.setenv("FAKE_RUNWAY_URL", fake.base_url)

    def command(*arguments: str, code: int = 0) -> Result:
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == code, done.output
        return done

    return command


def create(fake: Fake) -> str:
    """Create a task as a client does, and return its id."""
    headers = {**HEADERS, "Authorization": f"Bearer {fake.secret}"}
    answer = httpx.post(f"{fake.base_url}/v1/{MOVIE[0]}", json=MOVIE[1], headers=headers)
    task_id: str = answer.json()["id"]
    return task_id


@pytest.mark.parametrize("state", get_args(TaskStateName))
def test_a_task_can_be_made_in_any_state(fake: Fake, state: TaskStateName) -> None:
    """It goes on from there by itself, and a replay makes it again."""
    made = fake.tasks.make(state)
    fake.clock.jump("10m")
    later = fake.tasks.get(made.id)

    assert made.state == state
    goes_on = {"pending": "succeeded", "running": "succeeded"}
    assert later.state == goes_on.get(state, state)
    assert fake.replay(fake.replay_token(), name=f"again-{state}").identical


def test_the_states_of_the_client_are_those_of_the_lifecycle() -> None:
    """A state that is added to the table is added to the client."""
    assert get_args(TaskStateName) == tuple(state.value for state in TASK.transitions)


def test_a_task_that_is_made_failed_has_the_failure(fake: Fake) -> None:
    """As it was given, or a usual one; for other states it is refused."""
    made = fake.tasks.make("failed", failure=("SAFETY.INPUT.TEXT", "No."))

    assert made.failure is not None
    assert (made.failure.code, made.failure.text) == ("SAFETY.INPUT.TEXT", "No.")
    with pytest.raises(Exception, match="only for a task that fails"):
        fake.tasks.make("running", failure=("INTERNAL", "No."))


def test_what_cannot_be_made_leaves_no_trace(fake: Fake) -> None:
    """Without capacity or credits there is no task, and nothing is charged."""
    fake.tasks.make("running")
    fake.tasks.make("pending")
    spent = fake.credits.get().spent
    with pytest.raises(Conflict, match="free capacity"):
        fake.tasks.make("succeeded")
    fake.credits.set(3)
    with pytest.raises(Conflict, match="do not have enough credits"):
        fake.tasks.make("throttled")

    assert len(fake.tasks.list()) == 2
    assert fake.credits.get().spent == spent


def test_events_are_applied_as_the_table_says(fake: Fake) -> None:
    """A row that is missing is 409, and so is what only capacity does; an unknown id is 404."""
    task = create(fake)
    running = fake.tasks.occur(task, "started")
    failed = fake.tasks.fail(task, "THIRD_PARTY.UNAVAILABLE")

    assert (running.state, failed.state) == ("running", "failed")
    assert failed.failure is not None
    assert failed.failure.code == "THIRD_PARTY.UNAVAILABLE"
    assert failed.cost == 0
    with pytest.raises(Conflict, match="a task that is failed cannot be started"):
        fake.tasks.occur(task, "started")
    with pytest.raises(NoSuch):
        fake.tasks.occur(UNKNOWN, "started")
    assert "! occurTask" in "\n".join(fake.tasks.timeline(task).lines)
    assert fake.replay(fake.replay_token(), name="again-events").identical


def test_a_wait_ends_as_soon_as_the_task_is_there(fake: Fake) -> None:
    """A test needs no loop: another thread moves the clock."""
    task = create(fake)
    thread = Thread(target=lambda: fake.clock.jump("10m"))
    thread.start()
    reached = fake.wait_for_task("succeeded", "failed", task=task)
    thread.join()

    assert (reached.id, reached.state) == (task, "succeeded")
    with pytest.raises(WaitTimedOut, match=f"Waited for task {task} to be running; it is succ"):
        fake.wait_for_task("running", task=task, timeout="1ms")
    with pytest.raises(WaitTimedOut, match="none of 1 is"):
        fake.wait_for_task("running", timeout="1ms")
    with pytest.raises(WaitTimedOut, match="there is no such task"):
        fake.wait_for_task("running", task=UNKNOWN, timeout="1ms")


def test_calls_about_one_task_can_be_found(fake: Fake) -> None:
    """In the journal, by a wait and by `verify`."""
    one, other = create(fake), create(fake)

    assert [call.task for call in fake.journal.list(task=one)] == [one]
    assert [call.task for call in fake.journal.list(task=other, operation="getTask")] == []
    assert [call.task for call in fake.wait_for_calls(task=other)] == [other]
    fake.verify(1, task=one)


def test_a_task_from_the_command_line(run: Command, fake: Fake) -> None:
    """What people do by hand: look, let one succeed or fail, read why."""
    fake.reset()
    assert run("task", "list").stdout == "no tasks\n"
    first = create(fake)
    second = json.loads(run("task", "make", "--state", "running", "--json").stdout)["id"]

    listed = run("task", "list", "--state", "pending").stdout
    assert "started in 1.0s" in listed
    assert second not in listed
    assert run("task", "end", first[:12]).stdout == f"{first}  succeeded\n"
    failed = run("task", "fail", second, "--code", "SAFETY.OUTPUT.VIDEO").stdout
    assert failed == f"{second}  failed (SAFETY.OUTPUT.VIDEO)\n"
    assert "createTextToVideo" not in run("task", "show", second).stdout
    assert "POST /v1/text_to_video -> 200" in run("task", "show", first).stdout
    assert "no task of this world begins" in run("task", "end", "zz", code=2).output
    assert "cannot be cancelled" in run("task", "occur", first, "cancelled", code=1).output
