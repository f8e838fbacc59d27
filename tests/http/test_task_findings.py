"""Findings about clients of tasks: each rule has a client that breaks it, and right ones beside.

All happens on a frozen clock that the test alone moves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import httpx
import pytest

from fake_runway import FakeRunway
from fake_runway.client.fake import Fake
from tests.support.fake.tasks import MOVIE, PICTURE
from tests.support.servers import HEADERS

DAY_S = 86_400.0


@pytest.fixture(scope="module")
def server() -> Iterator[Fake]:
    """A fake in a thread, for all tests of this file."""
    with FakeRunway(frozen=True, task_concurrency="1") as fake:
        yield fake


@pytest.fixture
def client(server: Fake, request: pytest.FixtureRequest) -> Iterator[Client]:
    """A client of a world of its own."""
    with Client(server.world(re.sub("[^a-z0-9_]+", "-", request.node.name)[:60])) as client:
        yield client


class Client(httpx.Client):
    """Calls the Runway API of one world, and knows the task that it has created last."""

    def __init__(self, fake: Fake) -> None:
        secret = {"Authorization": f"Bearer {fake.secret}"}
        super().__init__(base_url=fake.base_url, headers={**HEADERS, **secret})
        self.fake = fake
        self.id = ""

    def create(self, kind: tuple[str, Any] = PICTURE, **changes: Any) -> httpx.Response:
        """Create a task."""
        answer = self.post(f"/v1/{kind[0]}", json={**kind[1], **changes})
        self.id = answer.json().get("id", "")
        return answer

    def poll(self, *, times: int = 1, every_s: float = 0.0) -> Any:
        """Poll the last task; time passes before each poll. Return the last body."""
        for _ in range(times):
            if every_s:
                self.fake.clock.jump(every_s)
            body = self.get(f"/v1/tasks/{self.id}").json()
        return body

    def made(self) -> str:
        """Create a task, poll it to its end, and return the address of its output."""
        self.create()
        self.fake.clock.jump("5m")
        url: str = self.poll()["output"][0]
        return url

    def found(self) -> dict[str, tuple[str | None, str]]:
        """Return the findings: by id, the task and the message."""
        return {each.id: (each.task, each.message) for each in self.fake.findings()}


def test_polls_faster_than_a_task_changes(client: Client) -> None:
    """Three polls within four seconds of the one before are found, with their numbers."""
    client.create(MOVIE)
    client.poll(times=4, every_s=3.9)

    assert client.found().keys() == {"task-polled-too-fast"}
    [finding] = client.fake.findings()
    assert finding.task == client.id
    assert finding.message.startswith("3 polls of the task came less than 4 s")
    assert finding.numbers == tuple(
        each.number for each in list(client.fake.journal.list(operation="getTask"))[1:]
    )


@pytest.mark.parametrize("every_s", [0.0, 4.0, 4.5])
def test_a_right_pace(client: Client, every_s: float) -> None:
    """Every four seconds is fine, and so are polls while the clock stands still."""
    client.create(MOVIE)
    client.poll(times=6, every_s=every_s)

    assert client.found() == {}


def test_retries_are_not_too_fast(client: Client) -> None:
    """What a fault struck showed nothing, so the next poll may come at once."""
    client.create(MOVIE)
    client.fake.fault(effect={"status": 503}, match={"operation": "getTask"}, times=5, skip=1)
    client.poll(times=7, every_s=1.0)

    assert client.found() == {}


@pytest.mark.parametrize("end", ["failed", "cancelled", "succeeded"])
def test_polls_after_the_end(client: Client, end: Any) -> None:
    """A third one in vain is found, whichever end a poll has shown."""
    if end == "cancelled":
        client.fake.scenario({"account": {"deleted_task": "cancelled"}})
    client.create()
    if end == "succeeded":
        client.fake.tasks.occur(client.id, "started")
    client.fake.tasks.occur(client.id, end)
    client.poll(times=3, every_s=5.0)
    right = client.found()
    client.poll(every_s=5.0)

    assert right == {}
    assert client.found().keys() == {"task-polled-after-end"}
    assert f"had shown {end.upper()}" in client.found()["task-polled-after-end"][1]


def test_new_addresses_may_be_asked_for(client: Client) -> None:
    """A GET of a task that has succeeded is right when a minute has passed."""
    client.get(client.made())
    client.poll(times=5, every_s=60.0)

    assert client.found() == {}


def test_a_throttled_task_is_created_again(client: Client) -> None:
    """Each create is paid, so to send another one in place of waiting costs twice."""
    client.create()
    client.create(promptText="Another cat.")
    first = client.id
    assert client.poll()["status"] == "THROTTLED"
    client.create(promptText="A third cat.")
    client.create(promptText="Another cat.")
    fine = client.found()  # perhaps they were sent together
    client.fake.clock.jump(1.0)
    client.create(promptText="Another cat.")

    assert fine == {}
    assert client.found()["throttled-ignored"][0] == first
    assert "the same create came again" in client.found()["throttled-ignored"][1]


@pytest.mark.parametrize("then", ["nothing", "delete", "poll on", "soon"])
def test_a_throttled_task_is_given_up(client: Client, then: str) -> None:
    """Without a GET or a DELETE afterwards, the task runs for nothing."""
    client.create()
    client.create(promptText="Another cat.")
    client.poll()
    if then == "delete":
        client.delete(f"/v1/tasks/{client.id}")
    client.fake.clock.jump(59.0 if then == "soon" else 60.0)
    if then == "poll on":
        client.poll()

    assert ("throttled-ignored" in client.found()) is (then == "nothing")
    if then == "nothing":
        assert "no GET and no DELETE followed" in client.found()["throttled-ignored"][1]


def test_the_same_create_after_the_wait_is_fine(client: Client) -> None:
    """Once a poll has shown that the task goes on, another one is what the user wants."""
    client.create()
    client.create(promptText="Another cat.")
    client.poll()
    client.fake.clock.jump("5m")
    client.get(client.poll()["output"][0])
    client.create(promptText="Another cat.")

    assert "throttled-ignored" not in client.found()


def test_an_output_that_is_never_fetched(client: Client) -> None:
    """It is found once all addresses that were shown have expired."""
    client.made()
    client.fake.clock.jump(DAY_S - 1)
    in_time = client.found()
    client.fake.clock.jump(2)

    assert in_time == {}
    assert client.found()["output-never-fetched"][0] == client.id


@pytest.mark.parametrize("then", ["fetch", "head then fetch", "delete", "report"])
def test_an_output_that_is_fetched_or_not_wanted(client: Client, then: str) -> None:
    """A download, a report of one, or a DELETE of the task is enough."""
    url = client.made()
    if then == "head then fetch":
        client.head(url)
    if "fetch" in then:
        assert client.get(url).status_code == 200
    elif then == "delete":
        client.delete(f"/v1/tasks/{client.id}")
    else:
        client.fake.tasks.report_download(client.id)
    client.fake.clock.jump(DAY_S + 1)

    assert client.found() == {}


def test_an_output_that_is_fetched_too_late(client: Client) -> None:
    """The first use of an address after its time is found, with how late it was."""
    url = client.made()
    client.fake.clock.jump(DAY_S + 10)
    assert client.get(url).status_code == 403

    assert client.found().keys() == {"output-fetched-late"}
    assert "its address had expired" in client.found()["output-fetched-late"][1]
    assert "its address had expired" in "\n".join(client.fake.tasks.timeline(client.id).lines)


def test_a_link_that_is_kept(client: Client) -> None:
    """A file that was fetched once and is asked for again by the old address was not kept."""
    url = client.made()
    client.get(url)
    client.get(url)
    client.fake.clock.jump(DAY_S + 10)
    client.get(url)

    assert client.found().keys() == {"output-link-kept"}
    lines = client.fake.tasks.timeline(client.id).lines
    assert len([line for line in lines if "output 0 was asked for: 200" in line]) == 1
    assert client.fake.replay(client.fake.replay_token(), name="again-kept").identical


def test_new_addresses_after_an_expired_one(client: Client) -> None:
    """Who meets an expired address, polls again and uses the new one has done what is right."""
    url = client.made()
    client.fake.clock.jump(DAY_S + 10)
    client.get(url)
    client.get(client.poll()["output"][0])

    assert client.found() == {}


def test_addresses_that_expire_at_once_are_no_mistake(client: Client) -> None:
    """A scenario that lets no address live long says nothing about the client."""
    client.fake.scenario({"task": {"output_lifetime": "1s"}})
    url = client.made()
    client.fake.clock.jump(10)
    client.get(url)

    assert client.found() == {}


def test_a_create_that_is_repeated_after_a_lost_reply(client: Client) -> None:
    """As for a session: two tasks are paid."""
    client.fake.fault(effect={"lost": True}, times=1)
    with pytest.raises(httpx.TransportError):
        client.create()
    client.create()

    assert client.found().keys() == {"repeated-create"}
    assert "A create that had made a task was sent again" in client.found()["repeated-create"][1]


def test_the_official_helper_makes_no_finding(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its waits, its last poll after its caller's, and a download."""
    runwayml = pytest.importorskip("runwayml")
    client.fake.no_waiting(monkeypatch)
    with runwayml.RunwayML(api_key=client.fake.secret, base_url=client.fake.base_url) as sdk:
        for prompt in ("A cat.", "A dog.", "A bird. [fake:safety-input-text]"):
            task = sdk.text_to_image.create(
                model="gen4_image", prompt_text=prompt, ratio="1280:720"
            )
            with (
                pytest.raises(Exception, match=r"fail|Fail") if "fake" in prompt else nullcontext()
            ):
                task.wait_for_task_output()
                done = sdk.tasks.retrieve(task.id)
                client.get(done.wait_for_task_output().output[0])
    client.fake.clock.jump(2 * DAY_S)

    assert client.found() == {}
