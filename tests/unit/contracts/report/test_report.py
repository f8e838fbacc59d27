"""The common rules of all reports, and the reports for programs: JSON, JUnit XML, GitHub."""

import re
from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as XML

import orjson
import pytest
from jsonschema import Draft202012Validator

from contracts.judge.verdict import Report
from contracts.report import Format, render, write
from tests.support.judge import made_reports as reports

SCHEMA = Path(__file__).parents[4] / "contracts/wire/schemas/report.json"
FOUND = ["poll.stops@never-ready", "poll.stops@poll-500", "shape.content-type@poll-500"]
SECRETS = (
    reports.SECRET,
    quote(reports.SECRET, safe=""),
    b64encode(reports.SECRET.encode()).decode(),
    reports.KEY,
    reports.OTHER_KEY,
    reports.JWT,
    "abcdef.ghijkl",
    "pass-word",
)


def value(report: Report, *, strict: bool = False) -> Any:
    """Return the JSON report."""
    return orjson.loads(render(report, Format.JSON, strict=strict))


def suite(report: Report, *, strict: bool = False) -> XML.Element:
    """Return the one suite of the JUnit report."""
    root = XML.fromstring(render(report, Format.JUNIT, strict=strict))
    assert root.tag == "testsuites"
    (only,) = root
    return only


def case(report: Report, name: str, *, strict: bool = False) -> XML.Element:
    """Return one test case."""
    (found,) = suite(report, strict=strict).findall(f"testcase[@name='{name}']")
    return found


def annotations(report: Report, *, strict: bool = False) -> list[str]:
    """Return the lines for GitHub."""
    return render(report, Format.GITHUB, strict=strict).splitlines()


def closed(schema: Any) -> Any:
    """Return a schema that allows no key beyond those it names."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(each) for key, each in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        return {**inner, "additionalProperties": False}
    return inner


# All of them


@pytest.mark.parametrize("form", Format)
def test_no_secret_is_in_any_report(form: Format) -> None:
    """Secrets in bodies, headers, paths, output and findings are redacted, in every spelling."""
    text = render(reports.hostile(), form, strict=False)

    assert [secret for secret in SECRETS if secret in text] == []
    assert "[API secret]" in text
    assert "[session key]" in text


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("shown", [True, False, 0, 7, [], ["READY"], {"status": "READY"}])
def test_a_status_of_any_type_can_be_reported(form: Format, shown: Any) -> None:
    """Runway may show what it likes; a report of it is written all the same."""
    mixed = reports.mixed()
    odd = tuple(
        replace(seen, upstream=tuple(replace(each, shown=shown) for each in seen.upstream))
        for seen in mixed.observations
    )
    assert render(replace(mixed, observations=odd), form, strict=False)
    assert {each.shown_text for seen in odd for each in seen.upstream} == {
        orjson.dumps(shown).decode()
    }


@pytest.mark.parametrize("form", Format)
def test_every_finding_has_the_same_id_in_every_report(form: Format) -> None:
    """A reader can search one report for the id of a finding in another."""
    text = render(reports.mixed(), form, strict=False)

    assert [id_ for id_ in FOUND if id_ not in text] == []


@pytest.mark.parametrize("form", Format)
def test_no_report_holds_control_characters(form: Format) -> None:
    """Controls, bidirectional marks and lone surrogates are written as escapes."""
    text = render(reports.hostile(), form, strict=False)

    assert re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff\ufffe]", text) == []
    assert "\\x1b" in text.replace("\\\\", "\\")


@pytest.mark.parametrize("form", Format)
def test_a_report_is_written_to_a_file_or_to_standard_output(
    form: Format, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """`-` is standard output; both get the same bytes."""
    file = tmp_path / "new" / "report"
    write(reports.mixed(), form, file, strict=False)
    write(reports.mixed(), form, Path("-"), strict=False)

    assert capsysbinary.readouterr().out == file.read_bytes() != b""


def test_a_run_that_judged_nothing_is_good_in_no_report() -> None:
    """The reason is in all of them, without the password of the address, and they are red."""
    report = reports.unexercised()
    texts = [render(report, form, strict=False) for form in Format]

    assert [text for text in texts if "not one request reached the fake" not in text] == []
    assert [text for text in texts if "pass-word" in text] == []
    assert (value(report)["passed"], value(reports.kept())["nothing_judged"]) == (False, None)
    assert suite(report).get("errors") == str(len(suite(report).findall("testcase/error"))) == "1"
    assert suite(report).get("tests") == str(len(suite(report).findall("testcase"))) == "2"
    assert annotations(report)[0].startswith("::error title=runway-contracts::nothing was judged: ")


# JSON


@pytest.mark.parametrize(
    "report",
    [
        reports.mixed(),
        reports.kept(),
        reports.hostile(),
        reports.unexercised(),
        reports.never_connected(),
    ],
)
@pytest.mark.parametrize("strict", [False, True])
def test_the_json_report_keeps_its_schema(report: Report, *, strict: bool) -> None:
    """Format 1 is described completely by contracts/wire/schemas/report.json."""
    schema = orjson.loads(SCHEMA.read_bytes())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(closed(schema))

    assert [error.message for error in validator.iter_errors(value(report, strict=strict))] == []


def test_the_json_report_has_the_findings() -> None:
    """Sums, outcomes and findings are those of the verdicts."""
    data = value(reports.mixed())

    assert data["format"] == 1
    assert data["passed"] is False
    assert data["summary"] == {
        **{"passed": 1, "failed": 2, "failed_must": 1, "failed_should": 1, "failed_may": 0},
        **{"not_observed": 0, "skipped": 1, "errors": 0},
    }
    outcomes = {each["id"]: each["outcome"] for each in data["requirements"]}
    assert outcomes == {
        "shape.types": "pass",
        "poll.stops": "fail",
        "shape.content-type": "fail",
        "time.status": "skip",
    }
    stops = data["requirements"][1]
    assert [(each["id"], len(each["texts"])) for each in stops["findings"]] == [
        ("poll.stops@never-ready", 2),
        ("poll.stops@poll-500", 1),
    ]
    text = "allowed: no poll after the answer; came: 2, the first 0.5s later"
    assert stops["findings"][1]["texts"] == [text]


def test_the_json_report_holds_both_hops_in_relative_time() -> None:
    """Times count from the first call of a situation."""
    (never,) = [
        each for each in value(reports.mixed())["situations"] if each["id"] == "never-ready"
    ]

    assert never["findings"] == ["poll.stops@never-ready"]
    assert (never["answers"][0]["status"], never["answers"][0]["came_s"]) == (504, 4.0)
    assert [each["at_s"] for each in never["upstream"]][:3] == [0.01, 0.5, 0.95]
    assert never["sessions"][0]["moves"][1]["state"] == "provisioning"


def test_strict_makes_a_should_count() -> None:
    """The same findings break a strict run and not the other."""

    def counting(*, strict: bool) -> set[str]:
        data = value(reports.mixed(), strict=strict)["requirements"]
        return {one["id"] for each in data for one in each["findings"] if one["counts"]}

    assert counting(strict=True) - counting(strict=False) == {"shape.content-type@poll-500"}


# JUnit


def test_junit_has_a_case_for_each_requirement() -> None:
    """The class is the family, and the sums agree with the cases."""
    found = suite(reports.mixed())
    cases = found.findall("testcase")

    assert [(each.get("classname"), each.get("name")) for each in cases] == [
        ("shape", "shape.types"),
        ("poll", "poll.stops"),
        ("shape", "shape.content-type"),
        ("time", "time.status"),
    ]
    assert found.get("tests") == "4"
    assert found.get("failures") == str(len(found.findall("testcase/failure"))) == "1"
    assert found.get("skipped") == str(len(found.findall("testcase/skipped"))) == "2"
    assert found.get("errors") == "0"
    assert cases[0].get("time") == "3.500"


def test_junit_has_the_properties_to_repeat_the_run() -> None:
    """Seed, replay token and target are properties of the suite."""
    found = suite(reports.mixed()).findall("properties/property")
    properties = {each.get("name"): each.get("value") for each in found}

    assert properties["seed"] == "7"
    assert properties["replay_token"] == "fr1.abcdef"
    assert properties["target"] == "http://127.0.0.1:3000/api/connect"


def test_a_failure_in_junit_says_expected_and_got() -> None:
    """With the evidence of both hops, for each situation."""
    failure = case(reports.mixed(), "poll.stops").find("failure")

    assert failure is not None
    assert failure.get("message") == "broken in 2 of 3 situations"
    assert failure.text is not None
    assert "expected no poll after the answer, got 2, the first 0.5s later" in failure.text
    assert "504 after 4.0s" in failure.text
    assert "POST /v1/realtime_sessions -> 200" in failure.text


def test_junit_agrees_with_the_exit_code_about_should() -> None:
    """A broken SHOULD is skipped with its finding, and a failure under --strict."""
    lenient = case(reports.mixed(), "shape.content-type")
    strict = case(reports.mixed(), "shape.content-type", strict=True)

    assert lenient.find("failure") is None
    assert "text/html" in (lenient.findtext("system-out") or "")
    assert "--strict" in (lenient.find("skipped") or XML.Element("")).get("message", "") or (
        (skipped := lenient.find("skipped")) is not None and "--strict" in skipped.attrib["message"]
    )
    assert strict.find("failure") is not None


def test_junit_is_xml_for_hostile_bytes_too() -> None:
    """Hostile bytes end as text of one element."""
    failure = case(reports.hostile(), "error.json").find("failure")

    assert failure is not None
    assert list(failure) == []
    assert "<script>alert(1)</script>" in (failure.text or "")


@pytest.mark.parametrize(("strict", "failures"), [(False, 0), (True, 1)])
def test_what_was_not_observed_is_skipped_in_junit(failures: int, *, strict: bool) -> None:
    """CI tools show the message of a skip; with --strict a MUST fails like the exit code."""
    found = suite(reports.partly_observed(), strict=strict)
    messages = [each.get("message") for each in found.iter("skipped")]

    assert set(messages) == {"not observed: never-ready: no create reached Runway"}
    assert int(found.get("failures", "")) == len([*found.iter("failure")]) == failures
    assert int(found.get("skipped", "")) == len(messages) == 3 - failures
    assert [each.get("type") for each in found.iter("failure")] == ["not observed"] * failures


def test_a_run_without_a_connect_is_an_error_in_every_report() -> None:
    """The first line has the situation, the hop and what came; a kept requirement stays kept."""
    report = reports.never_connected()
    texts = [render(report, form, strict=False) for form in Format]

    assert [text for text in texts if report.no_connect[1:] not in text] == []
    assert (value(report)["passed"], value(report)["headline"]) == (False, report.no_connect)
    assert value(report)["no_connect"] == report.no_connect
    assert value(report)["summary"]["passed"] == 1
    assert suite(report).get("errors") == "1"
    assert annotations(report)[0].startswith(
        f"::error title=runway-contracts::{report.no_connect}%0A1 passed, 0 failed"
    )


@pytest.mark.parametrize(("strict", "kept"), [(False, True), (True, False)])
def test_a_must_that_was_not_observed_counts_with_strict(*, strict: bool, kept: bool) -> None:
    """A SHOULD and a MAY never do, and the first line counts the MUSTs."""
    data = value(reports.partly_observed(), strict=strict)

    assert data["passed"] is kept
    assert data["headline"].startswith("kept as far as observed (1 not)")
    assert data["summary"]["not_observed"] == 3
    kinds = [line.split(" ")[0] for line in annotations(reports.partly_observed(), strict=strict)]
    assert kinds == ["::notice", "::error" if strict else "::warning"]


# GitHub


def test_github_gets_errors_warnings_and_a_summary() -> None:
    """A broken MUST is an error, a broken SHOULD a warning, the sum a notice."""
    kinds = [line.split(" ")[0] for line in annotations(reports.mixed())]

    assert sorted(kinds) == ["::error", "::error", "::notice", "::warning"]
    assert "1 passed, 2 failed (1 MUST, 1 SHOULD), 1 skipped" in annotations(reports.mixed())[0]


def test_a_broken_may_is_no_warning() -> None:
    """A notice on GitHub, a skip in JUnit, and a failed MAY in JSON, as its format has it."""
    skipped = case(reports.optional(), "header.more").find("skipped")

    assert [each.split(" ")[0] for each in annotations(reports.optional())] == ["::notice"] * 2
    assert skipped is not None
    assert skipped.attrib["message"] == "MAY, not done, which is allowed: in 1 of 1 situations"
    assert value(reports.optional())["requirements"][1]["outcome"] == "fail"
    assert value(reports.optional())["passed"] is True


def test_strict_makes_a_should_an_error_for_github() -> None:
    """A breaking finding is an error."""
    kinds = [line.split(" ")[0] for line in annotations(reports.mixed(), strict=True)]

    assert kinds == ["::notice"] + ["::error"] * 3


def test_github_gets_each_requirement_before_any_second_situation() -> None:
    """It shows the first ten errors only."""
    titles = [line.split("title=")[1].split(" ")[0] for line in annotations(reports.mixed())]

    assert titles[1:4] == [FOUND[0], FOUND[2], FOUND[1]]


def test_no_received_text_becomes_a_command() -> None:
    """Line breaks and percent signs are escaped; one line stays one annotation."""
    lines = annotations(reports.hostile())

    assert len(lines) == 2
    assert all(re.match(r"::(error|notice) title=[^:,]*::", line) for line in lines)
    assert "100%25" in lines[1]
