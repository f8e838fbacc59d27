"""A published document that is newer than the release: what it brings is served at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from fake_runway import FakeRunway
from fake_runway.cli.replay import replay_command
from fake_runway.cli.scenarios import scenarios
from fake_runway.cli.serve import serve
from fake_runway.client import AdminError
from fake_runway.client.fake import Fake
from fake_runway.scenarios.catalogue import ScenarioFileError
from tests.support.servers import HEADERS

TEXT = {"type": "string"}
ANSWER = {
    "type": "object",
    "required": ["id", "estimatedCost"],
    "properties": {"id": TEXT, "estimatedCost": {"type": "object"}},
}
SMELL = {"model": "nose1", "promptText": "Rain on a street."}


def published(**bodies: Any) -> dict[str, Any]:
    """Return a document with an operation for each path, which creates tasks."""
    return {
        "openapi": "3.1.0",
        "paths": {
            f"/{path}": {
                "post": {
                    "requestBody": {"content": {"application/json": {"schema": schema}}},
                    "responses": {"200": {"content": {"application/json": {"schema": ANSWER}}}},
                }
            }
            for path, schema in bodies.items()
        },
    }


def model(name: str, **fields: Any) -> dict[str, Any]:
    """Return the body of a model, whose fields are all required."""
    properties = {"model": {"const": name}, **fields}
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }


NEWER = published(
    **{
        "v1/text_to_video": {
            "oneOf": [model("gen9", promptText=TEXT), model("gen4.5", promptText=TEXT, mood=TEXT)]
        },
        "v1/text_to_smell": {"oneOf": [model("nose1", promptText=TEXT), model("nose2")]},
        "v2/text_to_video": model("gen9"),
        "v1/tasks/{id}/upgrade": model("gen9"),
    }
)
NEWS = [
    "POST /v1/tasks/{id}/upgrade is new",
    "POST /v1/text_to_smell is new",
    "POST /v1/text_to_video has a new model: gen9",
    "POST /v1/text_to_video has new fields of gen4.5: mood",
    "POST /v2/text_to_video is new",
    "POST /v1/tasks/{id}/upgrade is not served: expected a POST to a path without ids",
]


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """The file of a newer document."""
    file = tmp_path / "newer.json"
    file.write_text(json.dumps(NEWER))
    return file


def post(fake: Fake, path: str, body: Any) -> httpx.Response:
    """Send a call of the Runway API."""
    headers = {**HEADERS, "Authorization": f"Bearer {fake.secret}"}
    return httpx.post(f"{fake.base_url}{path}", json=body, headers=headers)


def test_what_is_new_works_at_once(spec: Path) -> None:
    """New models, fields and endpoints make tasks at the default price; the admin API names them.

    Other models of the same endpoint stay, and what the document refuses is refused.
    """
    with FakeRunway(spec=spec, default_price=7, frozen=True) as fake:
        new_model = post(fake, "/v1/text_to_video", {"model": "gen9", "promptText": "x"})
        new_field = post(
            fake, "/v1/text_to_video", {"model": "gen4.5", "promptText": "x", "mood": "calm"}
        )
        new_endpoint = post(fake, "/v1/text_to_smell", SMELL)
        other_version = post(fake, "/v2/text_to_video", {"model": "gen9"})
        wrong = post(fake, "/v1/text_to_smell", {"model": "nose3"})
        of_an_id = post(fake, f"/v1/tasks/{new_model.json()['id']}/upgrade", {"model": "gen9"})
        fake.clock.jump("2m")
        [smell] = [task for task in fake.tasks.list() if task.model == "nose1"]
        [call] = [each for each in fake.journal.list() if each.task == smell.id]
        news = fake.spec()
        replayed = fake.replay(fake.replay_token(), name="again")

    assert [each.status_code for each in (new_model, new_field, new_endpoint)] == [200] * 3
    assert new_model.json()["estimatedCost"] == new_endpoint.json()["estimatedCost"]
    assert new_endpoint.json()["estimatedCost"] == {"credits": 7}
    assert (other_version.status_code, wrong.status_code, of_an_id.status_code) == (200, 400, 404)
    assert (smell.state, smell.cost, call.operation) == ("succeeded", 7, "createTextToSmell")
    assert (news.file, list(news.news)) == ("newer.json", NEWS)
    assert replayed.identical, replayed.divergence


def test_a_task_of_a_new_endpoint_is_judged_as_any(spec: Path) -> None:
    """A create that is repeated because its reply was lost is found there too."""
    with FakeRunway(spec=spec, frozen=True) as fake:
        fake.fault(effect={"lost": True}, times=1)
        with pytest.raises(httpx.TransportError):
            post(fake, "/v1/text_to_smell", SMELL)
        post(fake, "/v1/text_to_smell", SMELL)
        found = fake.findings()

    assert "repeated-create" in {each.id for each in found}


def test_the_inputs_of_a_new_endpoint_are_read(tmp_path: Path) -> None:
    """An upload that is not there is refused at its place, and so is what breaks the document."""
    file = tmp_path / "newer.json"
    body = model("nose1", imageUri=TEXT)
    file.write_text(json.dumps(published(**{"v1/image_to_smell": body})))
    with FakeRunway(spec=file, frozen=True) as fake:
        address = "runway://AAAA"
        gone = post(fake, "/v1/image_to_smell", {"model": "nose1", "imageUri": address})
        wrong = post(fake, "/v1/image_to_smell", {"model": "nose1", "imageUri": 1})

    for answer in (gone, wrong):
        assert answer.status_code == 400
        assert answer.json()["issues"][0]["path"] == ["imageUri"]


def test_a_replay_without_the_document_says_what_it_needs(spec: Path) -> None:
    """And with it, the run is the same."""
    with FakeRunway(spec=spec, frozen=True) as fake:
        post(fake, "/v1/text_to_smell", SMELL)
        token = fake.replay_token()

    without = CliRunner().invoke(replay_command, [token])
    with_it = CliRunner().invoke(replay_command, ["--spec", str(spec), token])

    assert (without.exit_code, with_it.exit_code) == (2, 0)
    assert "a call of createTextToSmell" in without.output
    assert "--spec" in without.output


ROUTED = published(
    **{
        "v1/text_to_video": {
            "oneOf": [
                model("gen9", promptText=TEXT, duration={"type": "integer", "minimum": 8}),
                model("gen10", promptText={**TEXT, "maxLength": 20}, duration={"const": 5}),
            ]
        },
    }
)


def test_a_router_chooses_a_new_model(tmp_path: Path) -> None:
    """One of the document is eligible as any, at the default price; a router may name it.

    What the document says of a model excludes it: here a duration, and a longest prompt.
    """
    file = tmp_path / "newer.json"
    file.write_text(json.dumps(ROUTED))
    allowed = {"mode": "allowlist_only", "ids": ["gen9", "gen10"]}
    only = {"slug": "new", "settings": {"models": allowed}}
    most = {"maxCreditsPerGeneration": {"video": 6}}
    cheap = {"slug": "cheap", "settings": {"models": allowed, **most}}
    with FakeRunway(spec=file, default_price=7, frozen=True) as fake:
        made = [post(fake, "/v1/routers", each) for each in (only, cheap)]
        video = post(fake, "/v1/generate/video", routed("new", "A cat."))
        long = post(fake, "/v1/generate/video", routed("new", "A cat. " * 9))
        dear = post(fake, "/v1/generate/video", routed("cheap", "A cat."))
        asked = {task.model for task in fake.tasks.list()}
        replayed = fake.replay(fake.replay_token(), name="again")
    with FakeRunway(frozen=True) as fake:
        unknown = post(fake, "/v1/routers", only)

    assert [each.status_code for each in made] == [200, 200], [each.text for each in made]
    assert video.json()["routing"]["model"] == "gen10", video.text
    assert video.json()["routing"]["estimatedCost"] == {"credits": 7}
    assert long.status_code == 400
    left = {each["filter"]: each["models"] for each in long.json()["pipeline"]}
    assert [name for name, models in left.items() if "gen10" in models] == ["capability"]
    assert (dear.status_code, dear.json()["emptiedBy"]) == (400, ["price"])
    assert asked == {"gen10"}
    assert replayed.identical, replayed.divergence
    assert unknown.status_code == 400


def test_what_is_priced_by_default_is_found(spec: Path) -> None:
    """Once for each model of an endpoint, with the creates and the row that wants a price."""
    plain = {"model": "gen4.5", "promptText": "x", "mood": "calm"}
    known = {**SMELL, "model": "kling_4"}
    with FakeRunway(spec=spec, default_price=7, frozen=True) as fake:
        post(fake, "/v1/text_to_video", plain)
        assert fake.findings() == []
        new = [post(fake, "/v1/text_to_smell", SMELL).json()["id"] for _ in range(2)]
        post(fake, "/v1/text_to_video", known)
        found = fake.findings()
        creates = [each.number for each in fake.journal.list() if each.task in new]
    with FakeRunway(frozen=True) as fake:
        post(fake, "/v1/text_to_video", known)
        [of_table] = fake.findings()

    assert [(each.id, each.severity) for each in found] == [("price-unknown", "info")] * 2
    assert found[0].numbers == tuple(creates)
    assert found[0].message.startswith("2 times nose1 of text_to_smell cost --default-price")
    assert 'the row of the id "nose1" with the endpoint "text_to_smell"' in found[0].message
    assert found[1].message == of_table.message


def routed(slug: str, prompt: str) -> dict[str, Any]:
    """Return the body of a routed generation."""
    return {"configId": slug, "input": {"promptText": prompt, "duration": 5}}


FAULT = {"match": {"operation": "createTextToSmell"}, "effect": {"status": 503}, "times": 1}


def test_faults_and_filters_name_what_is_new(spec: Path, tmp_path: Path) -> None:
    """A fault of a scenario file, one by hand, the journal's filter and a wait; a replay agrees."""
    file = tmp_path / "no-smell.yaml"
    file.write_text(json.dumps({"account": {"faults": [{**FAULT, "name": "of-file"}]}}))
    with FakeRunway(spec=spec, scenario=str(file), frozen=True) as fake:
        other = post(fake, "/v2/text_to_video", {"model": "gen9"})
        by_file = post(fake, "/v1/text_to_smell", SMELL)
        fake.fault(FAULT, name="by-hand")
        by_hand = post(fake, "/v1/text_to_smell", SMELL)
        good = post(fake, "/v1/text_to_smell", SMELL)
        struck = [each.faults for each in fake.journal.list(operation="createTextToSmell")]
        seen = fake.wait_for_calls(operation="createTextToSmell", count=3)
        replayed = fake.replay(fake.replay_token(), name="again")

    answers = [other, by_file, by_hand, good]
    assert [each.status_code for each in answers] == [200, 503, 503, 200]
    assert struck == [("no-smell/account-of-file",), ("by-hand",), ()]
    assert len(seen) == 3
    assert replayed.identical, replayed.divergence


def test_a_name_that_the_document_has_not_is_refused_with_the_nearest(
    spec: Path, tmp_path: Path
) -> None:
    """By the admin API and in a file; and without the document, its names are unknown, too."""
    fault = {**FAULT, "match": {"operation": "createTextToSmel"}}
    file = tmp_path / "no-smell.yaml"
    file.write_text(json.dumps({"account": {"faults": [fault]}}))
    with FakeRunway(spec=spec, frozen=True) as fake:
        with pytest.raises(AdminError, match=r"did you mean createTextToSmell\?") as refused:
            fake.fault(fault)
        assert refused.value.where == "$.match.operation"
        with pytest.raises(AdminError, match="createTextToSmell"):
            fake.journal.list(operation="createTextToSmel")
    with pytest.raises(ScenarioFileError, match=r"did you mean createTextToSmell\?"):
        FakeRunway(spec=spec, scenario=str(file))
    with FakeRunway(frozen=True) as fake:
        with pytest.raises(AdminError, match=r"match\.operation"):
            fake.fault(FAULT)
        with pytest.raises(AdminError, match="createTextToVideo"):
            fake.wait_for_calls(operation="createTextToSmell")


def test_a_file_with_names_of_the_document_is_checked_with_it(spec: Path, tmp_path: Path) -> None:
    """`scenarios validate` knows them with `--spec` alone; nothing in it is without effect."""
    file = tmp_path / "no-smell.yaml"
    file.write_text(json.dumps({"task": {"faults": [FAULT]}}))
    without = CliRunner().invoke(scenarios, ["validate", str(file)])
    with_it = CliRunner().invoke(
        scenarios, ["validate", "--strict", "--spec", str(spec), str(file)]
    )

    assert (without.exit_code, with_it.exit_code) == (1, 0), with_it.output
    assert "$.task.faults[0].match.operation" in without.output


def test_a_fault_on_a_new_endpoint_outlives_the_server(spec: Path, tmp_path: Path) -> None:
    """A state file has the scenario that names it, and a server with the document goes on."""
    scenario = {"name": "no-smell", "account": {"faults": [{**FAULT, "times": 2}]}}
    state, statuses = tmp_path / "state", []
    for run in range(3):
        with FakeRunway(spec=spec, state=str(state), frozen=True) as fake:
            if run == 0:
                fake.scenario(scenario)
            statuses.append(post(fake, "/v1/text_to_smell", SMELL).status_code)
    assert statuses == [503, 503, 200]


def test_without_a_document_there_is_no_news() -> None:
    """The admin API answers that none is served."""
    with FakeRunway(frozen=True) as fake:
        assert (fake.spec().file, fake.spec().news) == (None, ())


def test_a_broken_document_is_an_error_before_the_start(tmp_path: Path) -> None:
    """The message names the file, and a reference that leads out of it is never followed."""
    file = tmp_path / "broken.json"
    file.write_text(json.dumps(published(**{"v1/text_to_smell": {"$ref": "http://127.0.0.1:9/"}})))

    by_option = CliRunner().invoke(serve, ["--spec", str(file)])
    by_variable = CliRunner().invoke(serve, [], env={"FAKE_RUNWAY_SPEC": str(file)})
    with pytest.raises(ValueError, match="leads out of the document"):
        FakeRunway(spec=file)

    for result in (by_option, by_variable):
        assert result.exit_code == 2
        assert f"{file}: the reference" in result.output
