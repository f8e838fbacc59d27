"""Avatars, voices, documents and routers against a model of them that is too simple to be wrong.

Hypothesis makes, lists by pages, changes, uses and deletes them, moves the clock, and goes back to
snapshots. A page may be read at any time after the one before, while others come and go.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from fake_runway.core.assets.asset import AssetPlan
from fake_runway.core.assets.pages import CursorRules
from fake_runway.core.durations import Fixed
from fake_runway.core.lifecycles.session import Failure
from fake_runway.core.scenario.settings import Limits, Settings
from fake_runway.scenarios.catalogue import Catalogue
from fake_runway.worlds.world import World
from tests.support.effort import examples
from tests.support.fake.assets import CREATES
from tests.support.fake.tasks import IMAGE
from tests.unit.fake_runway.runway_api.machine import (
    LAST,
    UNKNOWN,
    WorldAndModel,
    call,
    poll,
    which,
    written,
)

KINDS = ("avatar", "voice", "document", "router")
PROCESSED_S = {"avatar": 5.0, "voice": 2.0}
CURSORS_LIVE_S = 5.0
BAD = Failure("BAD", "No.")
PRESET = {"type": "runway-live-preset", "presetId": "clara"}
ROUTER_SETTINGS = {"schemaVersion": 1, "optimizeFor": "cost"}

kinds = st.sampled_from(KINDS)
names = st.sampled_from("abc")


@dataclass
class Row:
    """What the model knows of one.

    Attributes:
        number: the place among all, in the order of creates.
        made, updated, due: instants; due: when it is processed.
        holds: what a client has said of it, by the names of the wire.
    """

    id: str
    number: int
    made: float
    updated: float
    due: float
    fails: bool
    holds: dict[str, Any]
    version: int = 1


@dataclass
class Reading:
    """A list that is being read.

    Attributes:
        begun: the ids in it at its first page, and `seen` those of the pages so far.
        end: the position of the last item of the last page; None: it is read from the beginning.
        touched: what was made, changed or deleted since the first page.
    """

    kind: str
    query: dict[str, str]
    begun: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    end: tuple[float, int] | None = None
    cursor: str | None = None
    expires: float = 0.0
    over: bool = False

    def position(self, row: Row) -> tuple[float, int]:
        """Return where a row stands."""
        return (row.updated if self.query.get("sort") == "updatedAt" else row.made, row.number)

    @property
    def newest_first(self) -> bool:
        """Whether the order is descending, as it is unless a client asks for the other."""
        return self.query.get("order", "desc") == "desc"

    def behind(self, row: Row) -> bool:
        """Return whether a row comes behind the last page."""
        if self.end is None:
            return True
        at = self.position(row)
        return at < self.end if self.newest_first else at > self.end

    def rest(self, rows: dict[str, Row]) -> list[Row]:
        """Return what comes behind the last page, in order."""
        ahead = [row for row in rows.values() if self.behind(row)]
        return sorted(ahead, key=self.position, reverse=self.newest_first)


@dataclass
class Model:
    """All that there is, and who reads it."""

    rows: dict[str, dict[str, Row]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    gone: dict[str, list[str]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    fails: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(KINDS, False))
    readings: list[Reading] = field(default_factory=list)
    count: int = 0


class AssetsAndModel(WorldAndModel):
    """Does everything to both."""

    given = Settings(
        avatars=frozenset(),
        avatar_plan=AssetPlan(Fixed(PROCESSED_S["avatar"])),
        voice_plan=AssetPlan(Fixed(PROCESSED_S["voice"])),
        cursors=CursorRules(lifetime_s=CURSORS_LIVE_S),
        limits=Limits(credits=None),
    )
    catalogue = Catalogue({}).with_data([{"name": "nothing-special"}])  # no ready-made avatars
    model: Model

    def __init__(self) -> None:
        super().__init__(Model())

    # The model

    def pick(self, kind: str, number: int) -> str:
        """Return the id of one that exists, the newest first; else of one that did, or of none."""
        ids = [*self.model.rows[kind]][::-1]
        if number == LAST or not ids:
            return [UNKNOWN, *self.model.gone[kind]][-1]
        return ids[number % len(ids)]

    def status(self, row: Row) -> str:
        """Return the status of a row."""
        if self.now < row.due:
            return "PROCESSING"
        return "FAILED" if row.fails else "READY"

    def touch(self, asset_id: str) -> None:
        """Note for those who read a list that one was changed."""
        for reading in self.model.readings:
            reading.touched.add(asset_id)

    def next_instants(self) -> list[float]:
        """Return when something is processed, and when cursors expire."""
        rows = [row.due for of_kind in self.model.rows.values() for row in of_kind.values()]
        return rows + [each.expires for each in self.model.readings]

    def wrong_use(self, kind: str, number: int, *, of: str = "") -> int | None:
        """Return the status that a call is refused with which uses one; None: it can be used."""
        row = self.model.rows[kind].get(of or self.pick(kind, number))
        if row is None:
            return 404
        return None if self.status(row) == "READY" else 400

    def named(self, voice: int | None, documents: list[int] | None) -> dict[str, Any]:
        """Return the fields by which an avatar names others."""
        fields: dict[str, Any] = {}
        if voice is not None:
            fields["voice"] = {"type": "custom", "id": self.pick("voice", voice)}
        if documents is not None:
            fields["documentIds"] = [self.pick("document", each) for each in documents]
        return fields

    def wrong_reference(self, fields: dict[str, Any]) -> int | None:
        """Return the status that an avatar with these fields is refused with."""
        voice, documents = fields.get("voice", PRESET), fields.get("documentIds", [])
        wrong = [self.wrong_use("document", 0, of=each) for each in documents]
        if voice["type"] == "custom":
            wrong.insert(0, self.wrong_use("voice", 0, of=voice["id"]))
        return next((status for status in wrong if status), None)

    # What clients do

    @initialize(count=st.integers(2, 3), waits_s=st.sampled_from([0.0, 1.0, 1.0, 5.0]))
    def begin_with_some(self, count: int, waits_s: float) -> None:
        """Begin with some of each that use each other, and with one of each that is gone."""
        for kind in ("voice", "document", "router", "avatar"):
            for name in "abcd"[: count + 1]:
                self.create(kind, name, more=True, voice=0 if name == "d" else None)
            self.delete(kind, count)
            if kind == "voice":
                self.wait(PROCESSED_S["voice"])
        self.wait(waits_s)

    @rule(kind=kinds, name=names, more=st.booleans(), voice=st.none() | which)
    def create(self, kind: str, name: str, more: bool, voice: int | None) -> None:
        """Make one; an avatar may name a voice and documents, which have to be usable."""
        model, wrong = self.model, None
        body: dict[str, Any] = {**CREATES.get(kind, {}), "name": name}
        if kind == "avatar":
            if more:
                body |= {"startScript": "Hello.", **self.named(voice, [0, 1, 0])}
            wrong = self.wrong_reference(body)
        elif kind == "router":
            body["slug"] = name
            if any(row.holds["slug"] == name for row in model.rows["router"].values()):
                wrong = 400
        elif kind == "voice" and more:
            body["description"] = "Deep."
        status, answer = self.ask(f"create{kind.title()}", **body)
        assert status == (wrong or 200), answer
        if wrong is None:
            model.count += 1
            now, due = self.now, self.now + PROCESSED_S.get(kind, 0.0)
            row = Row(answer["id"], model.count, now, now, due, model.fails[kind], body)
            assert row.id not in model.rows[kind]
            model.rows[kind][row.id] = row
            self.touch(row.id)
            if kind != "voice":  # whose create answers the id alone
                self.check_body(kind, row, answer)

    @rule(
        number=which,
        said=st.fixed_dictionaries(
            {},
            optional={"name": names, "personality": names, "startScript": st.none() | names},
        ),
        image=st.sampled_from([False, False, True]),
        voice=st.none() | st.none() | which,
        documents=st.none() | st.lists(which, max_size=2),
    )
    def update_avatar(
        self,
        number: int,
        said: dict[str, Any],
        image: bool,
        voice: int | None,
        documents: list[int] | None,
    ) -> None:
        """Change some of an avatar; what it names has to be usable."""
        asset_id = self.pick("avatar", number)
        row = self.model.rows["avatar"].get(asset_id)
        body = {**said, **self.named(voice, documents)}
        if image:
            body["referenceImage"] = IMAGE
        wrong = self.wrong_reference(body)
        if row is not None and image and self.status(row) == "PROCESSING":
            wrong = 409
        self.update("avatar", asset_id, body, wrong)

    @rule(
        kind=st.sampled_from(["voice", "document", "router"]),
        number=which,
        name=st.none() | names,
        text=st.none() | names,
        most=st.none() | st.sampled_from(["image", "video"]),
    )
    def update_another(
        self, kind: str, number: int, name: str | None, text: str | None, most: str | None
    ) -> None:
        """Change some of one that is no avatar."""
        body: dict[str, Any] = {} if name is None else {"name": name}
        if text is not None:
            body["content" if kind == "document" else "description"] = text
        if kind == "router" and most is not None:
            body["settings"] = {"maxCreditsPerGeneration": {most: 90}}
        self.update(kind, self.pick(kind, number), body, None)

    def update(self, kind: str, asset_id: str, body: dict[str, Any], wrong: int | None) -> None:
        """Change one."""
        row = self.model.rows[kind].get(asset_id)
        if row is None:
            wrong = 404
        if not body and kind != "router":
            wrong = 400
        status, answer = self.ask(f"update{kind.title()}", asset_id, **body)
        assert status == (wrong or (204 if kind == "document" else 200)), answer
        if wrong or row is None:
            return
        self.change(kind, row, body)
        if status == 200:
            self.check_body(kind, row, answer)

    def change(self, kind: str, row: Row, body: dict[str, Any]) -> None:
        """Change a row as a PATCH says."""
        before = {**row.holds}
        if kind == "router":
            row.holds = {**row.holds, **body}
            most = {
                **before.get("settings", {}).get("maxCreditsPerGeneration", {}),
                **body.get("settings", {}).get("maxCreditsPerGeneration", {}),
            }
            if most:
                row.holds["settings"] = {"maxCreditsPerGeneration": most}
            row.version += row.holds.get("settings") != before.get("settings")
            if row.holds == before:
                return
        row.holds |= body if kind != "router" else {}
        row.updated = self.now
        if "referenceImage" in body:
            row.due, row.fails = self.now + PROCESSED_S["avatar"], self.model.fails["avatar"]
        self.touch(row.id)

    @rule(kind=kinds, number=which)
    def delete(self, kind: str, number: int) -> None:
        """Delete one, whoever uses it."""
        asset_id = self.pick(kind, number)
        status, _ = self.ask(f"delete{kind.title()}", asset_id)
        assert status == (204 if asset_id in self.model.rows[kind] else 404)
        if self.model.rows[kind].pop(asset_id, None) is not None:
            self.model.gone[kind].append(asset_id)
            self.touch(asset_id)

    @rule(number=which)
    def talk(self, number: int) -> None:
        """Create a session with an avatar, which has to be READY."""
        avatar = {"type": "custom", "avatarId": self.pick("avatar", number)}
        status, _ = self.ask("createSession", model="gwm1_avatars", avatar=avatar)
        assert status == (self.wrong_use("avatar", number) or 200)

    @rule(number=which, voice=st.none() | which)
    def film(self, number: int, voice: int | None) -> None:
        """Make a video of an avatar, maybe with another voice: both have to be READY."""
        body: dict[str, Any] = {
            "model": "gwm1_avatars",
            "avatar": {"type": "custom", "avatarId": self.pick("avatar", number)},
            "speech": {"type": "text", "text": "Hello."},
        }
        wrong = self.wrong_use("avatar", number)
        if voice is not None:
            body["speech"]["voice"] = {"type": "custom", "id": self.pick("voice", voice)}
            wrong = self.wrong_use("voice", voice) or wrong
        status, answer = self.ask("createAvatarVideo", **body)
        assert status == (wrong or 200), answer

    @rule(name=names)
    def route(self, name: str) -> None:
        """Let the router with a slug choose a model."""
        known = any(row.holds["slug"] == name for row in self.model.rows["router"].values())
        body = {"configId": name, "input": {"promptText": "A cat."}}
        status, answer = self.ask("generateImage", **body)
        assert status == (200 if known else 404), answer

    @rule(kind=st.sampled_from(["avatar", "voice"]), fails=st.booleans())
    def let_it_fail(self, kind: str, fails: bool) -> None:
        """Let all of a kind that come from now on fail to be processed, or no longer."""
        plan = AssetPlan(Fixed(PROCESSED_S[kind]), BAD if fails else None)
        changed: Any = {f"{kind}_plan": plan}
        self.world.account.change_settings(replace(self.world.settings, **changed), at=self.now)
        self.model.fails[kind] = fails

    # Lists

    @rule(
        kind=st.sampled_from([*KINDS, "document", "document"]),
        sort=st.sampled_from(["", "createdAt", "updatedAt"]),
        order=st.sampled_from(["", "asc", "desc"]),
        limit=st.integers(1, 2),
    )
    def begin_to_read(self, kind: str, sort: str, order: str, limit: int) -> None:
        """Read the first page of a list; only documents have an order that can be chosen."""
        query = {name: text for name, text in (("sort", sort), ("order", order)) if text}
        reading = Reading(kind, query if kind == "document" else {})
        reading.begun = [row.id for row in reading.rest(self.model.rows[kind])]
        self.model.readings = [*self.model.readings[-1:], reading]
        self.read(reading, limit)

    @rule(
        kind=st.sampled_from([*KINDS, "document"]),
        query=st.sampled_from([{}, {"order": "asc"}, {"sort": "updatedAt"}]),
        limit=st.integers(1, 2),
        changes=st.lists(st.tuples(st.sampled_from("+-*"), which), min_size=1, max_size=3),
    )
    def read_while_others_come_and_go(
        self, kind: str, query: dict[str, str], limit: int, changes: list[tuple[str, int]]
    ) -> None:
        """Read page after page; before each next one is made, deleted or changed."""
        reading = Reading(kind, query if kind == "document" else {})
        reading.begun = [row.id for row in reading.rest(self.model.rows[kind])]
        self.model.readings = [*self.model.readings[-1:], reading]
        self.read(reading, limit)
        for what, number in changes:
            if what == "+":
                self.create(kind, "abcdefgh"[number], more=False, voice=None)
            elif what == "-":
                self.delete(kind, number)
            else:
                self.wait(0.25)
                self.update(kind, self.pick(kind, number), {"name": "z"}, None)
            if not reading.over:
                self.read(reading, limit)

    @precondition(lambda self: self.model.readings)
    @rule(number=st.integers(0, 1), limit=st.integers(1, 3))
    def read_on(self, number: int, limit: int) -> None:
        """Read the next page of a list."""
        going_on = [each for each in self.model.readings if not each.over]
        if going_on:
            self.read(going_on[number % len(going_on)], limit)

    def read(self, reading: Reading, limit: int) -> None:
        """Read a page: what comes behind the one before, and not more."""
        cursor = {} if reading.cursor is None else {"cursor": reading.cursor}
        query = {**reading.query, "limit": str(limit), **cursor}
        status, page = self.ask(f"list{reading.kind.title()}s", query=query)
        if reading.cursor is not None and self.now >= reading.expires:
            reading.over = True
            assert status == 400
            return
        assert status == 200
        rest = reading.rest(self.model.rows[reading.kind])
        expected = rest[:limit]
        assert [each["id"] for each in page["data"]] == [row.id for row in expected]
        for row, body in zip(expected, page["data"], strict=True):
            self.check_body(reading.kind, row, body, listed=True)
        assert page["hasMore"] is (len(rest) > limit)
        assert (page["nextCursor"] is None) is not page["hasMore"]
        reading.seen += [row.id for row in expected]
        reading.cursor, reading.expires = page["nextCursor"], self.now + CURSORS_LIVE_S
        if expected:
            reading.end = reading.position(expected[-1])
        if not page["hasMore"]:
            reading.over = True
            seen = [each for each in reading.seen if each not in reading.touched]
            assert seen == [each for each in reading.begun if each not in reading.touched]
            if reading.query.get("sort") != "updatedAt":
                assert len(set(reading.seen)) == len(reading.seen)

    @precondition(lambda self: any(each.cursor for each in self.model.readings))
    @rule(number=st.integers(0, 1), kind=kinds)
    def read_another_list(self, number: int, kind: str) -> None:
        """A cursor is of no use in another list, or in another order."""
        known = [each for each in self.model.readings if each.cursor is not None]
        if known:
            reading = known[number % len(known)]
            query = {"cursor": str(reading.cursor)}
            if kind == reading.kind == "document":
                query |= {"order": "asc" if reading.newest_first else "desc"}
                query |= {"sort": reading.query.get("sort", "createdAt")}
            elif kind == reading.kind:
                return
            assert self.ask(f"list{kind.title()}s", query=query)[0] == 400

    # What is answered

    def check_body(self, kind: str, row: Row, body: Any, *, listed: bool = False) -> None:
        """A row is answered as it is, whole; where files are is a matter of other tests."""
        expected = getattr(self, f"{kind}_body")(row)
        if kind == "document" and listed:
            del expected["content"]
        files = ("referenceImageUri", "processedImageUri", "previewUrl")
        shown: dict[str, Any] = {
            key: body[key] is not None if key in files else body[key] for key in body
        }
        if kind == "avatar" and body["voice"]["type"] != "custom":
            shown["voice"] = {key: body["voice"][key] for key in PRESET}
        if "usedBy" in shown:
            shown["usedBy"] = [
                {**each, "imageUrl": each["imageUrl"] is not None} for each in shown["usedBy"]
            ]
        assert shown == expected

    def processed(self, row: Row) -> dict[str, Any]:
        """Return what an answer says of processing."""
        status = self.status(row)
        return {"status": status, **({"failureReason": BAD.text} if status == "FAILED" else {})}

    def avatar_body(self, row: Row) -> dict[str, Any]:
        """Return what a GET of an avatar answers."""
        holds = row.holds
        voice, documents = holds["voice"], holds.get("documentIds", [])
        if voice["type"] == "custom":
            used = self.model.rows["voice"].get(voice["id"])
            voice = {**voice, "deleted": used is None}
            if used is not None:
                voice |= {"name": used.holds["name"], "description": used.holds.get("description")}
        return {
            "id": row.id,
            "name": holds["name"],
            "personality": holds["personality"],
            "startScript": holds.get("startScript"),
            "voice": voice,
            "documentIds": [
                each for each in dict.fromkeys(documents) if each in self.model.rows["document"]
            ],
            "referenceImageUri": True,
            "processedImageUri": self.status(row) == "READY",
            "createdAt": written(row.made),
            "updatedAt": written(row.updated),
            **self.processed(row),
        }

    def voice_body(self, row: Row) -> dict[str, Any]:
        """Return what a GET of a voice answers."""
        ready = {"previewUrl": True} if self.status(row) == "READY" else {}
        return {
            "id": row.id,
            "name": row.holds["name"],
            "description": row.holds.get("description"),
            "createdAt": written(row.made),
            **self.processed(row),
            **ready,
        }

    def document_body(self, row: Row) -> dict[str, Any]:
        """Return what a GET of a document answers; avatars use it, the oldest first."""
        users = [
            {
                "id": user.id,
                "name": user.holds["name"],
                "imageUrl": self.status(user) == "READY",
            }
            for user in self.model.rows["avatar"].values()
            if row.id in user.holds.get("documentIds", [])
        ]
        return {
            "id": row.id,
            "name": row.holds["name"],
            "type": "text",
            "content": row.holds["content"],
            "usedBy": users,
            "createdAt": written(row.made),
            "updatedAt": written(row.updated),
        }

    def router_body(self, row: Row) -> dict[str, Any]:
        """Return what a GET of a router answers."""
        return {
            "id": row.id,
            "slug": row.holds["slug"],
            "name": row.holds["name"],
            "description": row.holds.get("description"),
            "version": row.version,
            "settings": {**ROUTER_SETTINGS, **row.holds.get("settings", {})},
            "createdAt": written(row.made),
            "updatedAt": written(row.updated),
        }

    @invariant()
    def all_are_as_the_model_says(self) -> None:
        """Every row is answered as it is, and nothing else is there."""
        for kind, rows in self.model.rows.items():
            for row in rows.values():
                status, body = poll(self.world, f"get{kind.title()}", row.id)
                assert status == 200
                self.check_body(kind, row, body)
            if self.model.gone[kind]:
                assert poll(self.world, f"get{kind.title()}", self.model.gone[kind][-1])[0] == 404

    def disturb(self, world: World) -> None:
        """Change and delete everything."""
        for kind, rows in self.model.rows.items():
            for number, asset_id in enumerate(rows):
                if number % 2:
                    call(world, f"update{kind.title()}", asset_id, name="disturbed")
                else:
                    call(world, f"delete{kind.title()}", asset_id)
            slug: dict[str, Any] = {"slug": "d"} if kind == "router" else {}
            body: dict[str, Any] = {**CREATES.get(kind, {}), "name": "d", **slug}
            call(world, f"create{kind.title()}", **body)


TestAssetsAndModel = AssetsAndModel.TestCase
TestAssetsAndModel.settings = settings(
    max_examples=examples(100),
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
