"""Tasks, runs of workflows, routed generation and uploads against a model of them and their money.

Hypothesis creates, polls and deletes them, sends files to slots and names the files in tasks, and
moves the clock, mostly to the very instants at which something is due. What each call costs and
what is given back shows in the balance, which the model counts for itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from fake_runway.core.durations import Fixed
from fake_runway.core.files import FileFacts
from fake_runway.core.scenario.settings import Limits, Settings
from fake_runway.core.tasks.task import TaskPlan
from fake_runway.core.tasks.tiers import TaskLimits
from fake_runway.core.tasks.workflows import EXAMPLE_WORKFLOW
from fake_runway.core.uploads import UploadRules
from fake_runway.scenarios.catalogue import Catalogue
from fake_runway.worlds.world import World
from tests.support.effort import examples
from tests.support.fake.tasks import MOVIE, PICTURE, SPEECH
from tests.unit.fake_runway.runway_api.machine import (
    LAST,
    UNKNOWN,
    WorldAndModel,
    call,
    poll,
    which,
    written,
)

CREDITS, CONCURRENCY, DAILY = 400, 2, 4
PENDING_S, RUN_S, FAILS_EARLY_S = 1.0, 21.0, 0.5
SLOT_S, FILE_S, KEPT_BYTES = 5.0, 20.0, 2_500
DAY_S = 86_400.0

WORKFLOW = EXAMPLE_WORKFLOW.version_id(1)
RUN = "workflow"
NODES = {
    "gen4_image": (5, 0.0, 3.0),
    "eleven_multilingual_v2": (1, 0.0, 1.6),
    "gen4.5": (60, 3.0, RUN_S),
}
"""By model: what its node costs, and when it begins and ends in a run of 21 s, which is a fifth of
the usual 15 s for the picture, 8 for the speech, and 90 for the film behind the picture."""

MAKES: dict[str, tuple[str, dict[str, Any], str, int]] = {
    "movie": ("createTextToVideo", dict(MOVIE[1]), "gen4.5", 60),
    "image": ("createTextToImage", dict(PICTURE[1]), "gen4_image", 5),
    "speech": ("createTextToSpeech", dict(SPEECH[1]), "eleven_multilingual_v2", 1),
    "avatar": (
        "createAvatarVideo",
        {
            "model": "gwm1_avatars",
            "avatar": {"type": "runway-preset", "presetId": "cat-character"},
            "speech": {"type": "text", "text": "Hello."},
        },
        "gwm1_avatars",
        4,
    ),
}
"""By what is made: the operation, a body, whose capacity it takes up, and what it costs."""

FATES = {
    "": ("SUCCEEDED", PENDING_S + RUN_S, True),
    "bad-output": ("FAILED", PENDING_S + RUN_S, False),
    "safety-output-image": ("FAILED", PENDING_S + RUN_S, True),
    "safety-input-text": ("FAILED", FAILS_EARLY_S, True),
    "asset-invalid": ("FAILED", FAILS_EARLY_S, False),
}
"""By the tag in its prompt: how a task ends, how long after it was admitted, and if that costs."""


@dataclass
class Job:
    """A task, or the run of a workflow.

    Attributes:
        costs: credits by model, as charged at its create.
        deleted: when a client deleted it; None: it did not.
    """

    id: str
    pool: str
    made: float
    costs: dict[str, int]
    fate: str = ""
    deleted: float | None = None

    @property
    def lasts_s(self) -> float:
        """How long it is active if it is not deleted."""
        return FATES[self.fate][1]


@dataclass
class Slot:
    """An upload. `stored`: the bytes of its file, 0 if none came."""

    id: str
    made: float
    stored: int = 0


@dataclass
class Model:
    """All that there is, in the order of creates."""

    jobs: list[Job] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)
    sessions: list[float] = field(default_factory=list)
    routed: list[str] = field(default_factory=list)

    def begins(self, pool: str) -> dict[str, float]:
        """Return when each task of a pool was or will be admitted, by id.

        That is in the order of creates, each as soon as fewer than the most others are active. A
        task that is deleted before is left out.
        """
        most = 1 if pool == RUN else CONCURRENCY
        begun: dict[str, float] = {}
        ends: list[float] = []
        earliest = 0.0
        for job in self.jobs:
            if job.pool != pool:
                continue
            at = max(job.made, earliest)
            while sum(end > at for end in ends) >= most:
                at = min(end for end in ends if end > at)
            if job.deleted is not None and job.deleted < at:
                continue
            begun[job.id] = earliest = at
            end = at + job.lasts_s
            ends.append(end if job.deleted is None else min(end, job.deleted))
        return begun

    def begin(self, job: Job) -> float | None:
        """Return when a task is admitted; None: never."""
        return self.begins(job.pool).get(job.id)

    def ended(self, job: Job) -> float | None:
        """Return when a task ends by itself; None: it is never admitted."""
        begin = self.begin(job)
        return None if begin is None else begin + job.lasts_s

    def cost(self, job: Job, now: float) -> dict[str, int]:
        """Return what a task costs as it is now, by model."""
        ended = self.ended(job)
        by_itself = ended is not None and ended <= min(now, job.deleted or now)
        if by_itself:
            return job.costs if FATES[job.fate][2] else dict.fromkeys(job.costs, 0)
        if job.deleted is None or job.pool != RUN:  # what is cancelled costs all of it
            return job.costs
        begin = self.begin(job)
        ran_s = -1.0 if begin is None else job.deleted - begin - PENDING_S
        return {model: node[0] * (node[1] <= ran_s) for model, node in NODES.items()}

    def spent(self, now: float) -> int:
        """Return all credits that are spent."""
        of_tasks = sum(sum(self.cost(job, now).values()) for job in self.jobs)
        return of_tasks + 2 * len(self.sessions)

    def today(self, pool: str, now: float) -> list[float]:
        """Return the instants of the creates of a pool in the last 24 hours."""
        return [job.made for job in self.jobs if job.pool == pool and job.made + DAY_S > now]

    def kept(self, now: float) -> int:
        """Return the bytes of all files that have not expired."""
        return sum(slot.stored for slot in self.slots if now < slot.made + FILE_S)


class TasksAndModel(WorldAndModel):
    """Does everything to both."""

    given = Settings(
        task=TaskPlan(pending=Fixed(PENDING_S), run=Fixed(RUN_S)),
        task_limits=TaskLimits(concurrency=CONCURRENCY, daily=DAILY, workflows=1),
        limits=Limits(credits=CREDITS),
        uploads=UploadRules(
            smallest=512, largest=2_000, kept=KEPT_BYTES, slot_s=SLOT_S, lifetime_s=FILE_S
        ),
    )
    catalogue = Catalogue.builtin()
    model: Model

    def __init__(self) -> None:
        super().__init__(Model())

    @initialize(fate=st.sampled_from([*FATES]), waits_s=st.sampled_from([0.0, 0.5, 5.0, 22.0]))
    def begin_with_some(self, fate: str, waits_s: float) -> None:
        """Begin with a router, with tasks of which one waits, and with a slot that has its file."""
        models = {"mode": "allowlist_only", "ids": ["gen4.5"]}
        status, answer = self.ask("createRouter", slug="films", settings={"models": models})
        assert status == 200
        self.router = answer["id"]
        self.run_a_workflow()
        for what in ("movie", "movie", "image"):
            self.make(what, fate)
        self.route()
        self.ask_for_a_slot("cat.png")
        self.ask_for_a_slot("cat.png")
        self.send(0, 1_000)
        self.wait(waits_s)

    # The model

    def pick(self, number: int) -> Job | None:
        """Return a task, the newest first; None: one that is not there."""
        jobs = self.model.jobs[::-1]
        return None if number == LAST or not jobs else jobs[number % len(jobs)]

    def slot(self, number: int) -> Slot | None:
        """Return an upload, likewise."""
        slots = self.model.slots[::-1]
        return None if number == LAST or not slots else slots[number % len(slots)]

    def next_instants(self) -> list[float]:
        """Return when tasks are admitted, start and end, quota is free and uploads expire."""
        instants: list[float] = []
        for job in self.model.jobs:
            begin = self.model.begin(job)
            if begin is not None:
                instants += [begin, begin + PENDING_S, begin + job.lasts_s]
            instants.append(job.made + DAY_S)
        for slot in self.model.slots:
            instants += [slot.made + SLOT_S, slot.made + FILE_S]
        return instants

    def refusal(self, pool: str, costs: int) -> int | None:
        """Return the status that a create is refused with; None: it is not."""
        if self.model.spent(self.now) + costs > CREDITS:
            return 402
        if pool != RUN and len(self.model.today(pool, self.now)) >= DAILY:
            return 429
        return None

    def made(self, status: int, answer: Any, job: Job, *, wrong: int | None = None) -> None:
        """Note a new task, or check why there is none."""
        wrong = wrong or self.refusal(job.pool, sum(job.costs.values()))
        assert status == (wrong or 200), answer
        if wrong is None:
            assert answer["id"] not in [each.id for each in self.model.jobs]
            job.id = answer["id"]
            self.model.jobs.append(job)

    # What clients do

    @rule(what=st.sampled_from([*MAKES, "movie", "image"]), fate=st.sampled_from(["", *FATES]))
    def make(self, what: str, fate: str) -> None:
        """Create a task, with a tag that says how it goes."""
        operation, body, pool, costs = MAKES[what]
        if fate and what in ("movie", "image"):  # speech costs more with more text
            body = {**body, "promptText": f"{body['promptText']} [fake:{fate}]"}
        else:
            fate = ""
        status, answer = self.ask(operation, **body)
        model = "gwm1_avatar_async_text_to_video" if what == "avatar" else pool
        self.made(status, answer, Job("", pool, self.now, {model: costs}, fate))
        if status == 200 and what != "avatar":
            assert answer["estimatedCost"] == {"credits": costs}

    @rule()
    def run_a_workflow(self) -> None:
        """Run the workflow, whose nodes are paid at once."""
        status, answer = self.ask("runWorkflow", WORKFLOW)
        costs = {model: node[0] for model, node in NODES.items()}
        self.made(status, answer, Job("", RUN, self.now, costs))

    @rule()
    def route(self) -> None:
        """Let the router choose the one model that it may, and make the task with that."""
        asked = {"promptText": "A cat.", "duration": 5}
        status, answer = self.ask("generateVideo", configId="films", input=asked)
        job = Job("", "gen4.5", self.now, {"gen4.5": 60})
        self.made(status, answer, job)
        if status == 200:
            routing = answer["routing"]
            assert (routing["model"], routing["estimatedCost"]) == ("gen4.5", {"credits": 60})
            self.model.routed.append(job.id)

    @rule()
    def talk(self) -> None:
        """Create a session, which pays from the same credits."""
        avatar = {"type": "runway-preset", "presetId": "cat-character"}
        status, answer = self.ask("createSession", model="gwm1_avatars", avatar=avatar)
        refused = self.model.spent(self.now) + 2 > CREDITS
        assert status == (402 if refused else 200), answer
        if not refused:
            self.model.sessions.append(self.now)

    @rule(number=which)
    def delete(self, number: int) -> None:
        """Cancel a task, or hide one that has ended; there is none any more."""
        job = self.pick(number)
        status, _ = self.ask("deleteTask", UNKNOWN if job is None else job.id)
        assert status == (404 if job is None or job.deleted is not None else 204)
        if job is not None and job.deleted is None:
            job.deleted = self.now

    @rule(name=st.sampled_from(["cat.png", "cat.PNG", "cat.txt"]))
    def ask_for_a_slot(self, name: str) -> None:
        """Ask where a file can be sent."""
        status, answer = self.ask("createUpload", filename=name, type="ephemeral")
        assert status == (400 if name.endswith("txt") else 200), answer
        if status == 200:
            self.model.slots.append(Slot(answer["runwayUri"].removeprefix("runway://"), self.now))

    @rule(number=which, size=st.sampled_from([512, 1_000, 2_000, 1_000, 511, 2_001]))
    def send(self, number: int, size: int) -> None:
        """Send a file to a slot: once, in time, of a size that is allowed, as long as it fits."""
        slot, file = self.slot(number), FileFacts("image/png", size, 640, 640)
        of = UNKNOWN if slot is None else slot.id
        status, answer = self.ask("storeUpload", of, filename="cat.png", file=file.written())
        if slot is None:
            assert status == 404
        elif slot.stored or self.now >= slot.made + SLOT_S:
            assert status == 403
        elif size < 512:
            assert status == 400
        elif size > 2_000:
            assert status == 413
        elif self.model.kept(self.now) + size > KEPT_BYTES:
            assert status == 507
        else:
            assert status == 204, answer
            slot.stored = size

    @rule(number=which)
    def use_a_file(self, number: int) -> None:
        """Name a file in a task: it has to be there, and not to have expired."""
        slot = self.slot(number)
        uri = f"runway://{UNKNOWN if slot is None else slot.id}"
        operation, body = "createImageToVideo", {**MOVIE[1], "promptImage": uri}
        status, answer = self.ask(operation, **body)
        usable = slot is not None and slot.stored and self.now < slot.made + FILE_S
        job = Job("", "gen4.5", self.now, {"gen4.5": 60})
        self.made(status, answer, job, wrong=None if usable else 400)

    @rule(days=st.sampled_from([1.0, 0.5]))
    def wait_long(self, days: float) -> None:
        """Let a day go by, so that others are spent on."""
        self.world.clock.jump(days * DAY_S)

    # What is answered

    def task_body(self, job: Job) -> dict[str, Any]:
        """Return what a poll of a task answers that was not deleted."""
        begin, now = self.model.begin(job), self.now
        cost = {"credits": sum(self.model.cost(job, now).values())}
        body: dict[str, Any] = {"id": job.id, "createdAt": written(job.made)}
        if begin is not None and now >= begin + job.lasts_s:
            body |= {"status": FATES[job.fate][0], "cost": cost}
            return body | ({"failureCode": True} if job.fate else {"output": 1})
        body["estimatedCost"] = {"credits": sum(job.costs.values())}
        if begin is None or now < begin:
            return body | {"status": "THROTTLED"}
        if now < begin + PENDING_S:
            return body | {"status": "PENDING"}
        ran_s = now - begin - PENDING_S
        return body | {"status": "RUNNING", "progress": round(ran_s // 5 * 5 / RUN_S, 2)}

    def run_body(self, job: Job) -> dict[str, Any]:
        """Return what a poll of a workflow's run answers that was not deleted."""
        body, begin = self.task_body(job), self.model.begin(job)
        body.pop("estimatedCost", None)
        if begin is not None and body["status"] in ("RUNNING", "SUCCEEDED"):
            over = sum(node[2] <= self.now - begin - PENDING_S for node in NODES.values())
            body["output"] = over
            if body["status"] == "RUNNING":
                body["progress"] = round(over / len(NODES), 2)
        return body

    @invariant()
    def tasks_are_as_the_model_says(self) -> None:
        """Every task is answered as it is; what was deleted is not there."""
        for job in self.model.jobs[-8:]:
            is_run = job.pool == RUN
            operation = "getWorkflowInvocation" if is_run else "getTask"
            status, body = poll(self.world, operation, job.id)
            if job.deleted is not None:
                assert status == 404
                continue
            assert status == 200
            expected = self.run_body(job) if is_run else self.task_body(job)
            shown = {**body, **({"output": len(body["output"])} if "output" in body else {})}
            if "failureCode" in shown:
                del shown["failure"]
                shown["failureCode"] = bool(shown["failureCode"])
            assert shown == expected

    @invariant()
    def the_money_adds_up(self) -> None:
        """The balance, and what is used of each daily quota, are as the model counts them."""
        status, body = poll(self.world, "getOrganization")
        assert status == 200
        assert body["creditBalance"] == CREDITS - self.model.spent(self.now)
        used = body["usage"]["models"]
        for pool in {job.pool for job in self.model.jobs} - {RUN, "gwm1_avatars"}:
            today = self.model.today(pool, self.now)
            assert used[pool]["dailyGenerations"] == len(today)

    @rule()
    def read_the_usage(self) -> None:
        """What was spent is listed by day and model; what is given back is not, of that day."""
        now, by_day = self.now, dict[tuple[str, str], int]()
        for at in self.model.sessions:
            key = _day(at), "gwm1_avatars"
            by_day[key] = by_day.get(key, 0) + 2
        for job in self.model.jobs:
            for model, credits in self.model.cost(job, now).items():
                key = _day(job.made), model
                by_day[key] = by_day.get(key, 0) + credits
        status, body = self.ask("queryUsage", beforeDate=_day(now + DAY_S))
        assert status == 200
        first = _day(now - 30 * DAY_S)
        assert {
            (each["date"], used["model"]): used["amount"]
            for each in body["results"]
            for used in each["usedCredits"]
        } == {key: credits for key, credits in by_day.items() if credits and key[0] >= first}

    @rule(limit=st.integers(1, 3))
    def read_what_was_routed(self, limit: int) -> None:
        """The router lists what it was asked, the newest first, page by page."""
        seen: list[str] = []
        query = {"limit": str(limit)}
        while True:
            status, page = self.ask("listRouterRequests", self.router, query=query)
            assert status == 200
            seen += [each["taskId"] for each in page["data"] if each["taskId"]]
            if not page["hasMore"]:
                break
            query["cursor"] = page["nextCursor"]
        assert seen == self.model.routed[::-1]

    def disturb(self, world: World) -> None:
        """Cancel everything, use slots, and spend."""
        for job in self.model.jobs:
            call(world, "deleteTask", job.id)
        file = FileFacts("image/png", 600, 640, 640).written()
        for slot in self.model.slots:
            call(world, "storeUpload", slot.id, filename="cat.png", file=file)
        call(world, "createUpload", filename="cat.png", type="ephemeral")
        call(world, "generateVideo", configId="films", input={"promptText": "A cat."})
        for operation, body, _, _ in MAKES.values():
            call(world, operation, **body)


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()


TestTasksAndModel = TasksAndModel.TestCase
TestTasksAndModel.settings = settings(
    max_examples=examples(80),
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
