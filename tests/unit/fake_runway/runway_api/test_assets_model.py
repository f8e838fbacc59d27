"""Avatars, voices and documents against a model of them that is too simple to be wrong.

Hypothesis makes, lists by pages, changes, uses and deletes them, and moves the clock. A page may be
read at any time after the one before, while others come and go. The model knows nothing of the
fake's code: it is a table of rows, and a few sentences about what each call does to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from fake_runway.core.assets.asset import AssetPlan
from fake_runway.core.durations import Fixed
from fake_runway.core.history.journal import Exchange
from fake_runway.core.lifecycles.runway import RUNWAY_API
from fake_runway.core.lifecycles.session import Failure
from fake_runway.core.lifecycles.vocabulary import Subject
from fake_runway.core.scenario.settings import Settings
from fake_runway.runway_api.calls import RunwayCall
from fake_runway.runway_api.operations import OPERATIONS
from fake_runway.runway_api.pipeline import apply_call
from fake_runway.web.sending import whole
from tests.support.checked import check
from tests.support.effort import examples
from tests.support.fake.assets import CREATES
from tests.support.fake.runs import LIVEKIT, alone
from tests.support.fake.tasks import IMAGE

BY_ID = {operation.id: operation for operation in OPERATIONS}
KINDS = ("avatar", "voice", "document")
PROCESSED_S = {"avatar": 5.0, "voice": 2.0, "document": 0.0}
FAILS = {"avatar": False, "voice": True, "document": False}
LAST = 7
UNKNOWN = "88888888-e29b-41d4-a716-446655440000"

kinds = st.sampled_from(KINDS)
which = st.integers(0, LAST)


@dataclass
class Row:
    """What the model knows of one."""

    id: str
    number: int
    name: str
    updated: int
    due: float
    voice: str | None = None
    documents: list[str] = field(default_factory=list)
    changed: int = 0


@dataclass
class Reading:
    """A list that is being read: the pages so far, and all that ever changed since."""

    kind: str
    query: dict[str, str]
    begun: list[str]
    seen: list[str] = field(default_factory=list)
    cursor: str | None = None
    over: bool = False
    touched: set[str] = field(default_factory=set)


class AssetsAndModel(RuleBasedStateMachine):
    """Does everything to both."""

    def __init__(self) -> None:
        super().__init__()
        failing = Failure("BAD", "No.")
        given = Settings(
            avatars=frozenset(),
            avatar_plan=AssetPlan(Fixed(PROCESSED_S["avatar"])),
            voice_plan=AssetPlan(Fixed(PROCESSED_S["voice"]), failing),
            document_plan=AssetPlan(Fixed(PROCESSED_S["document"])),
        )
        self.world = alone(settings=given).world
        self.rows: dict[str, dict[str, Row]] = {kind: {} for kind in KINDS}
        self.gone: set[str] = set()
        self.count = 0
        self.readings: list[Reading] = []

    # Both

    @property
    def now(self) -> float:
        """The world's time."""
        return self.world.clock.now()

    def ask(self, operation: str, asset_id: str = "", /, **given: Any) -> tuple[int, Any]:
        """Make a call, and return its status and its body, checked against the contract."""
        known, query = BY_ID[operation], given.pop("query", {})
        kind = RUNWAY_API.operation[operation].kind
        path = known.template.replace("{id}", asset_id)
        subject = Subject(kind, asset_id) if asset_id else Subject()
        exchange = Exchange(
            operation,
            known.method,
            path,
            subject=subject,
            versioned=True,
            media_url="http://fake/w/w",
            body=given,
            query=query,
        )
        delivery = apply_call(RunwayCall(self.world, LIVEKIT, known, exchange, "secret"))
        answer = whole(delivery)
        raw = answer.body if isinstance(answer.body, bytes) else b""
        check("runway", known.method, path, status=answer.status, headers=answer.headers, body=raw)
        assert answer.status < 500
        return answer.status, delivery.body

    def pick(self, kind: str, number: int) -> str:
        """Return the id of one that exists, the newest first; for the last number of none."""
        ids = [*self.rows[kind]][::-1]
        if number == LAST or not ids:
            return next(iter(self.gone), UNKNOWN)
        return ids[number % len(ids)]

    def status(self, kind: str, row: Row) -> str:
        """Return the status of a row."""
        if self.now < row.due:
            return "PROCESSING"
        return "FAILED" if FAILS[kind] else "READY"

    def touch(self, asset_id: str) -> None:
        """Note for those who read a list that one was changed."""
        self.count += 1
        for reading in self.readings:
            reading.touched.add(asset_id)

    def ordered(self, kind: str, query: dict[str, str]) -> list[str]:
        """Return the ids of a list in its order."""
        rows = self.rows[kind].values()
        newest_first = query.get("order", "desc") == "desc"
        by_update = query.get("sort") == "updatedAt"

        def position(row: Row) -> tuple[float, int]:
            return (row.updated if by_update else 0, row.number)

        return [row.id for row in sorted(rows, key=position, reverse=newest_first)]

    # Rules

    @rule(
        kind=st.sampled_from([*KINDS, "avatar", "document"]),
        name=st.sampled_from("abc"),
        voice=st.sampled_from([None, None, None, 0]),
        documents=st.sets(which, max_size=2),
    )
    def create(self, kind: str, name: str, voice: int | None, documents: set[int]) -> None:
        """Make one; an avatar may name a voice and documents, which have to be usable."""
        self.world.clock.jump(0.25)
        body = {**CREATES[kind], "name": name}
        allowed = True
        named = [self.pick("document", each) for each in sorted(documents)]
        named = named if self.rows["document"] else []
        if kind == "avatar":
            body["documentIds"] = named
            allowed = all(each in self.rows["document"] for each in named)
            if voice is not None:
                chosen = self.pick("voice", voice)
                body["voice"] = {"type": "custom", "id": chosen}
                allowed = False  # voices are processed or have failed, or there is none
        status, answer = self.ask(f"create{kind.title()}", **body)
        assert (status == 200) is allowed, answer
        if not allowed:
            assert status in (400, 404)
            return
        self.count += 1
        due = self.now + PROCESSED_S[kind]
        row = Row(answer["id"], self.count, name, self.count, due)
        row.documents = list(dict.fromkeys(named)) if kind == "avatar" else []
        assert row.id not in self.rows[kind]
        self.rows[kind][row.id] = row
        self.touch(row.id)

    @rule(kind=kinds, number=which, name=st.sampled_from("xyz"), again=st.booleans())
    def update(self, kind: str, number: int, name: str, again: bool) -> None:
        """Change one; a new image or text is processed again."""
        self.world.clock.jump(0.25)
        asset_id = self.pick(kind, number)
        row = self.rows[kind].get(asset_id)
        body: dict[str, Any] = {"name": name}
        if again and kind != "voice":
            body |= {"referenceImage": IMAGE} if kind == "avatar" else {"content": "New."}
        busy = "referenceImage" in body and row is not None and self.now < row.due
        status, _ = self.ask(f"update{kind.title()}", asset_id, **body)
        if row is None:
            assert status == 404
        elif busy:
            assert status == 409
        else:
            assert status == (204 if kind == "document" else 200)
            row.name = name
            if len(body) > 1:
                row.due = self.now + PROCESSED_S[kind]
            self.touch(asset_id)
            row.updated = self.count

    @rule(kind=kinds, number=which)
    def delete(self, kind: str, number: int) -> None:
        """Delete one, whoever uses it."""
        self.world.clock.jump(0.25)
        asset_id = self.pick(kind, number)
        status, _ = self.ask(f"delete{kind.title()}", asset_id)
        assert status == (204 if asset_id in self.rows[kind] else 404)
        if self.rows[kind].pop(asset_id, None) is not None:
            self.gone.add(asset_id)
            self.touch(asset_id)

    @rule(number=which)
    def use(self, number: int) -> None:
        """Create a session with an avatar, which has to be READY."""
        asset_id = self.pick("avatar", number)
        avatar = {"type": "custom", "avatarId": asset_id}
        status, _ = self.ask("createSession", model="gwm1_avatars", avatar=avatar)
        row = self.rows["avatar"].get(asset_id)
        if row is None:
            assert status == 404
        else:
            assert status == (200 if self.status("avatar", row) == "READY" else 400)

    @rule(seconds=st.sampled_from([0.5, 2.0, 5.0]))
    def wait(self, seconds: float) -> None:
        """Let time go by."""
        self.world.clock.jump(seconds)

    @rule(kind=kinds, query=st.sampled_from([{}, {"order": "asc"}, {"sort": "updatedAt"}]))
    def begin_to_read(self, kind: str, query: dict[str, str]) -> None:
        """Begin with a list; only documents have an order that can be chosen."""
        query = query if kind == "document" else {}
        self.readings = [*self.readings[-2:], Reading(kind, query, self.ordered(kind, query))]

    @rule(number=st.integers(0, 2), limit=st.integers(1, 3))
    def read_on(self, number: int, limit: int) -> None:
        """Read the next page of a list."""
        if not self.readings:
            return
        reading = self.readings[number % len(self.readings)]
        if reading.over:
            return
        if reading.cursor is None:
            reading.begun = self.ordered(reading.kind, reading.query)
            reading.touched.clear()
        query = {**reading.query, "limit": str(limit)}
        if reading.cursor is not None:
            query["cursor"] = reading.cursor
        status, page = self.ask(f"list{reading.kind.title()}s", query=query)
        assert status == 200
        ids = [each["id"] for each in page["data"] if each["id"] in self.rows[reading.kind]]
        if reading.kind != "avatar":  # ready-made avatars are listed too
            assert len(ids) == len(page["data"])
        now = self.ordered(reading.kind, reading.query)
        assert ids == [each for each in now if each in ids]  # each once, in order
        reading.seen += ids
        reading.cursor = page["nextCursor"]
        assert page["hasMore"] is (reading.cursor is not None)
        behind_all = reading.kind == "avatar" and len(ids) < len(page["data"])
        if reading.cursor is None or behind_all:
            reading.over = True
            seen = [each for each in reading.seen if each not in reading.touched]
            assert seen == [each for each in reading.begun if each not in reading.touched]
            if "sort" not in reading.query:
                assert len(set(reading.seen)) == len(reading.seen)

    # Always

    @invariant()
    def all_are_as_the_model_says(self) -> None:
        """Every row is answered as it is, and by nothing else."""
        for kind in KINDS:
            for row in self.rows[kind].values():
                status, body = self.ask(f"get{kind.title()}", row.id)
                assert (status, body["name"]) == (200, row.name)
                if kind != "document":
                    assert body["status"] == self.status(kind, row)
                    assert ("failureReason" in body) is (body["status"] == "FAILED")
                if kind == "avatar":
                    known = [each for each in row.documents if each in self.rows["document"]]
                    assert body["documentIds"] == known
                if kind == "document":
                    users = self.rows["avatar"].values()
                    using = [user.id for user in users if row.id in user.documents]
                    assert [each["id"] for each in body["usedBy"]] == using
        assert self.world.account.assets.live == sum(map(len, self.rows.values()))


TestAssetsAndModel = AssetsAndModel.TestCase
TestAssetsAndModel.settings = settings(
    max_examples=examples(30),
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
