"""Seeds: what new worlds begin with, what a reset returns to, and the state of a world as one."""

from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from fake_runway.admin_api.seeds import KINDS
from fake_runway.core.lifecycles.session import State
from fake_runway.core.lifecycles.task import TaskState
from fake_runway.scenarios.catalogue import ScenarioFileError
from fake_runway.server.seeding import example, read_seed
from fake_runway.server.serving import Configuration, serving
from tests.support.servers import StartFake

AVATAR = "123e4567-e89b-42d3-a456-426614174000"
PICTURE = {"model": "gen4_image", "promptText": "A lighthouse", "ratio": "1280:720"}
POSTER: dict[str, Any] = {
    "name": "Poster",
    "versions": 3,
    "nodes": [
        {"name": "Prompt", "gives": {"key": "prompt", "type": "string", "value": "A lighthouse"}},
        {
            "name": "Picture",
            "endpoint": "text_to_image",
            "body": {"model": "gen4_image", "ratio": "1280:720"},
            "takes": [{"field": "promptText", "from": "Prompt"}],
        },
    ],
}
SEED: dict[str, Any] = {
    "avatars": [AVATAR],
    "workflows": [POSTER],
    "sessions": [{"state": "completed", "count": 3}, {"state": "ready", "max_duration_s": 60}],
    "tasks": [{"operation": "createTextToImage", "body": PICTURE, "state": "succeeded"}],
    "credits": 500,
}


def numbers(seed: dict[str, Any]) -> Counter[tuple[str, str]]:
    """Return how many resources of which state a seed holds."""
    counted: Counter[tuple[str, str]] = Counter()
    for kind in ("sessions", "tasks", "assets"):
        for each in seed.get(kind, ()):
            counted[kind, each["state"]] += each.get("count", 1)
    return counted


async def test_every_new_world_begins_with_it(tmp_path: Path) -> None:
    """Also one that an application makes; a reset returns to it, and a replay repeats it."""
    file = tmp_path / "state.yaml"
    file.write_text(yaml.safe_dump(SEED))
    async with (
        serving(Configuration(seeds=str(file), rate=0.0)) as fake,
        aiohttp.ClientSession(f"{fake.url}/w/mine/") as http,
    ):
        headers = {"Authorization": "Bearer any", "X-Runway-Version": "2024-11-06"}
        organization = await (await http.get("v1/organization", headers=headers)).json()
        avatar = await http.get(f"v1/avatars/{AVATAR}", headers=headers)
        listed = (await (await http.get("v1/workflows", headers=headers)).json())["data"]
        before = await (await http.get("__admin/seed")).json()
        await http.post("__admin/sessions", json={"state": "ready"})
        await http.put("__admin/credits", json={"left": 1})
        await http.post("__admin/reset")
        after = await (await http.get("__admin/seed")).json()
        token = (await (await http.get("__admin/replay")).json())["token"]
        answer = await http.post("__admin/replay", json={"name": "again", "token": token})
        replayed = await (await http.get("../again/__admin/seed")).json()
    assert organization["creditBalance"] == 500
    assert avatar.status == 200
    assert [(each["name"], len(each["versions"])) for each in listed] == [
        ("Product film", 2),
        ("Poster", 3),
    ]
    assert [each["name"] for each in before["workflows"]] == ["Poster"]
    assert numbers(before) == numbers(SEED)
    assert before == after == replayed
    assert (await answer.json())["identical"]


async def test_an_export_makes_the_same_state(start_fake: StartFake) -> None:
    """Of every state of sessions and tasks; what is exported of the copy is the same again."""
    failure = {"code": "INTERNAL", "text": "Lost."}
    seed = {
        **SEED,
        "sessions": [
            {"state": state.value, **({"failure": failure} if state is State.FAILED else {})}
            for state in State
            if state is not State.CLAIMED  # only under a plan that joins
        ],
        "tasks": [
            {"operation": "createTextToImage", "body": PICTURE, "state": state.value}
            for state in TaskState
            if state is not TaskState.THROTTLED  # only without capacity
        ],
        "assets": [
            {"kind": "voice", "name": "Deep", "state": "ready", "text": "Very deep."},
            {"kind": "document", "name": "Handbook", "state": "ready", "text": "Be kind."},
            {"kind": "avatar", "name": "Cat", "state": "failed", "failure": failure},
            {"kind": "avatar", "state": "processing"},
        ],
    }
    fake = await start_fake()
    answer = await fake.client.post("/w/one/__admin/seed", json=seed)
    first = (await fake.client.get("/w/one/__admin/seed")).json
    first["tasks"][0]["request"]["unpriced"] = ["text_to_image gen6"]
    again = await fake.client.post("/w/two/__admin/seed", json=first)
    assert again.status == 200, again
    second = (await fake.client.get("/w/two/__admin/seed")).json
    assert answer.json["created"] == "one"
    assert numbers(first) == numbers(seed)
    assert first == second
    assert first["credits"] == 500
    assert AVATAR in first["avatars"]
    assert [(each["name"], each["versions"]) for each in first["workflows"]] == [("Poster", 3)]


async def test_a_workflow_takes_the_place_of_one_with_its_name(start_fake: StartFake) -> None:
    """And can be run at once."""
    fake = await start_fake(rate=0.0)
    await fake.admin("POST", "/seed", {"workflows": [POSTER]})
    await fake.admin("POST", "/seed", {"workflows": [{**POSTER, "versions": 1}]})
    listed = (await fake.call("GET", "/v1/workflows")).json["data"]
    assert [len(each["versions"]) for each in listed] == [2, 1]
    run = await fake.call("POST", f"/v1/workflows/{listed[1]['versions'][0]['id']}", json={})
    fake.world.clock.jump(600)
    ended = await fake.call("GET", f"/v1/workflow_invocations/{run.json['id']}")
    assert ended.json["status"] == "SUCCEEDED"
    assert len(ended.json["output"]) == 1


@pytest.mark.parametrize(
    ("seed", "where", "words"),
    [
        ({"sessions": [{"state": "raedy"}]}, "$.sessions[0].state", "did you mean ready?"),
        ({"credit": 3}, "$.credit", "did you mean credits?"),
        ({"sessions": [{"state": "ready", "count": 30}]}, "$.sessions[0]", "free capacity"),
        (
            {"credits": 3, "tasks": [{"operation": "createTextToImage", "body": {"model": "x"}}]},
            "$.tasks[0]",
            "",
        ),
        (
            {
                "credits": 3,
                "workflows": [
                    POSTER,
                    {"name": "Odd", "nodes": [{"name": "A", "endpoint": "x", "body": {}}]},
                ],
            },
            "$.workflows[1]",
            "expected an endpoint with one of its models in A",
        ),
        (
            {"sessions": [{"state": "ready", "failure": {"code": "A", "text": "b"}}]},
            "$.sessions[0].failure",
            "only for a session that fails",
        ),
    ],
)
async def test_a_wrong_seed_leaves_no_trace(
    start_fake: StartFake, tmp_path: Path, seed: dict[str, Any], where: str, words: str
) -> None:
    """It has a place, also in a file, and nothing is served with it."""
    fake = await start_fake()
    await fake.create()
    before = (await fake.admin("GET", "/world")).json
    refused = await fake.admin("POST", "/seed", seed)
    after = (await fake.admin("GET", "/world")).json
    assert refused.status in (400, 409)
    assert refused.json["where"].startswith(where)
    assert words in refused.json["error"]
    assert before == after
    file = tmp_path / "state.yaml"
    file.write_text(yaml.safe_dump(seed))
    with pytest.raises(ScenarioFileError, match=r"state\.yaml:") as caught:
        async with serving(Configuration(seeds=str(file))):
            pass
    assert where in str(caught.value)
    assert words in str(caught.value)


def test_the_example_has_every_kind(tmp_path: Path) -> None:
    """As it is written it says nothing; with its comments taken away it is right."""
    file = tmp_path / "state.yaml"
    file.write_text(example())
    assert read_seed(file) == {}
    lines = [
        line.removeprefix("# ")
        for line in example().splitlines()
        if line[2:3].islower() or line[2:4] == "  "
    ]
    file.write_text("\n".join(lines))
    assert list(read_seed(file)) == [kind.key for kind in KINDS]
