"""Scenario files: messages about mistakes, and laws of the catalogue."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from contracts.wire.schema import load
from fake_runway.core.lifecycles.runway import RUNWAY_API
from fake_runway.core.scenario.schema import NAME_PATTERN, scenario_schema
from fake_runway.core.scenario.settings import Settings
from fake_runway.core.sessions.session import Plan
from fake_runway.scenarios.catalogue import LARGEST_FILE, Catalogue, ScenarioFileError
from fake_runway.scenarios.check import broken_rules
from fake_runway.scenarios.yaml_lines import NotYaml, read_documents

PATHS = dict.fromkeys(each.path for each in RUNWAY_API.operations)

A_DURATION = "a duration such as 1.5s, 200ms, 5m, never, uniform(1s, 3s) or lognormal(5s, 0.3)"
PRESETS = load("runway").raw["components"]["schemas"]["PresetId"]["enum"]
CATALOGUE = Catalogue.builtin()
FOLDER = Path(__file__).parents[4] / "fake_runway/scenarios/builtin"

ENDPOINTS = ("create", "poll", "consume", "delete", "connect-backend")
FAMILIES = [
    f"{endpoint}-{status}-{schedule}"
    for endpoint in ENDPOINTS
    for status in (429, 500, 502, 503, 504)
    for schedule in ("once", "twice", "always")
]
ASKED_FOR = (
    *("slow", "never-ready", "ready-at-the-last-moment", "queued-then-ready", "queued-for-ever"),
    *("fails-while-queued", "fails-while-provisioning", "fails-while-ready", "fails-while-running"),
    *("cancelled-while-polling", "completed-while-polling", "ready-without-a-session-key"),
    *("expired-before-consume", "consumed-by-somebody-else", "running-before-ready-is-seen"),
    *("unknown-status", "out-of-credits", "out-of-credits-while-running", "quota-reached"),
    *("rate-limited-with-retry-after", "rate-limited-with-retry-after-ms", "create-429-twice"),
    *("rate-limited-with-absurd-retry-after", "unauthorized", "suspended-key", "moderated-text"),
    *("unknown-avatar", "avatar-still-processing", "create-502-in-plain-text"),
    *("create-503-html-page", "create-slow-first-byte", "create-dribbled-body"),
    *("create-truncated-body", "create-reset-once", "create-lost-reply", "create-empty-reply"),
    *("create-malformed-json", "create-wrong-content-type", "create-without-id"),
    *("create-with-null-id", "create-with-extra-fields", "clock-skewed-expiry"),
    *("token-for-the-wrong-room", "cut-at-300-s", "default"),
)


def problems_of(path: Path, text: str | bytes) -> list[str]:
    """Return the lines of the error about a file with this text, without the folder."""
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ScenarioFileError) as refusal:
        CATALOGUE.with_file(path)
    return [line.removeprefix(f"{path.parent}/") for line in str(refusal.value).splitlines()]


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A place for a user's file."""
    return tmp_path / "mine.yaml"


# Mistakes of users


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "session: {queued: 5s}\nsesion: {}",
            (
                "2: $.sesion: expected one of name, about, wire, state, account, session, task,"
                " avatars, seed, got sesion; did you mean session?"
            ),
        ),
        (
            "session:\n  provision_time: 5",
            f"2: $.session.provision_time: expected {A_DURATION}, got 5",
        ),
        (
            "session:\n  expires_in: 5 s",
            "2: $.session.expires_in: expected a span such as 1.5s, 200ms or 5m, got '5 s'",
        ),
        (
            "session:\n  expires_in: 99999h",
            "2: $.session.expires_in: expected a span of at most ten years, got '99999h'",
        ),
        (
            "session:\n  queued: uniform(3s, 1s)",
            (
                f"2: $.session.queued: expected {A_DURATION}, got 'uniform(3s, 1s)'"
                " (uniform wants the smaller span first: 3.0s > 1.0s)"
            ),
        ),
        (
            "session:\n  session_cap: forever",
            (
                "2: $.session.session_cap: expected none or a span such as 1.5s, 200ms or 5m,"
                ' got "forever"'
            ),
        ),
        (
            "session:\n  then:\n    - event: failed\n      in: redy",
            (
                "4: $.session.then[0].in: expected one of queued, provisioning, ready, claimed,"
                ' running, got "redy"; did you mean ready?'
            ),
        ),
        (
            "session:\n  then:\n    - event: failed",
            (
                "3: $.session.then[0].in: expected one of queued, provisioning, ready, claimed,"
                " running, got nothing"
            ),
        ),
        (
            "session:\n  then:\n    - {in: queued, event: consumed}",
            "3: $.session.then[0]: while queued a session can be cancelled, failed; got consumed",
        ),
        (
            "session:\n  faults:\n    - effect: {status: 99}",
            "3: $.session.faults[0].effect.status: expected at least 200, got 99",
        ),
        (
            "session:\n  faults:\n    - effect: {status: [1]}",
            (
                "3: $.session.faults[0].effect.status: expected a whole number or a mapping,"
                " got a list"
            ),
        ),
        (
            "session:\n  faults:\n    - effect: {}",
            "3: $.session.faults[0].effect: expected something in it, got an empty mapping",
        ),
        (
            "session:\n  faults:\n    - effect: {lost: yep}",
            '3: $.session.faults[0].effect.lost: expected true, got "yep"',
        ),
        (
            'session:\n  faults:\n    - effect: {headers: {"a b": x}}',
            '3: $.session.faults[0].effect.headers: expected a header\'s name as a key, got "a b"',
        ),
        (
            "session:\n  faults:\n    - effect: {status: 500}\n      probability: 1.5",
            "4: $.session.faults[0].probability: expected at most 1, got 1.5",
        ),
        ("account:\n  credits: -1", "2: $.account.credits: expected at least 0, got -1"),
        (
            "account:\n  daily: many",
            '2: $.account.daily: expected a whole number or unlimited, got "many"',
        ),
        ("session:\n", "1: $.session: expected a mapping, got null"),
        ("- slow", "1: $: expected a mapping, got a list"),
        (
            "avatars:\n  influencer: sloow",
            (
                "2: $.avatars.influencer: expected the name of a scenario, got sloow;"
                " did you mean slow?"
            ),
        ),
        (
            "avatars:\n  music-superstar: out-of-credits",
            (
                '2: $.avatars["music-superstar"]: expected a scenario with a session form, got'
                " out-of-credits"
            ),
        ),
        (
            "avatars:\n  influencer: {then: [{in: queued, event: consumed}]}",
            (
                "2: $.avatars.influencer.then[0]: while queued a session can be cancelled, failed;"
                " got consumed"
            ),
        ),
        (
            "session:\n  faults:\n  - match: {path: /v1/sessions}\n    effect: {reset: true}",
            (
                f"3: $.session.faults[0].match.path: expected one of {', '.join(PATHS)},"
                ' got "/v1/sessions"; did you mean /v1/realtime_sessions?'
            ),
        ),
        (
            "session:\n  faults:\n  - effect: {reset: true, hang: true}",
            (
                "3: $.session.faults[0].effect: with reset no answer comes: expected nothing else"
                " that is about one, got hang"
            ),
        ),
        (
            "avatars:\n  Influencer: slow\n  influencer: slow",
            "3: $.avatars.influencer: expected each avatar once, got it again",
        ),
        (
            "avatars:\n  music-superstr: slow",
            (
                '2: $.avatars["music-superstr"]: expected a version 4 UUID or a preset id'
                f' ({", ".join(PRESETS)}), got "music-superstr"; did you mean music-superstar?'
            ),
        ),
        (
            "session:\n  faults:\n    - effect: {status: 500}\n      probability: 0",
            "4: $.session.faults[0].probability: expected more than 0, got 0",
        ),
        (
            "session:\n  faults:\n    - effect: {lost: true}\n      acted: false",
            (
                "3: $.session.faults[0]: acted: false needs an effect that answers by itself"
                " (status, reset, ...)"
            ),
        ),
        (
            "session:\n  faults:\n    - effect: {shift: {expiresAt: 99999h}}",
            (
                "3: $.session.faults[0].effect.shift: expected a span of at most ten years, got"
                " '99999h'"
            ),
        ),
        (
            "session:\n  script:\n    - say: Hello.\n    - sya: Bye.",
            (
                "4: $.session.script[1].sya: expected one of say, client_event, call_tool, wait,"
                " silence, wait_for_speech, leave, end, freeze_video, mute_audio, drop_socket,"
                " send, got sya; did you mean say?"
            ),
        ),
        (
            "session:\n  script:\n    - {say: Hello., wait: 1s}",
            "3: $.session.script[0]: expected a mapping with one key, got a mapping",
        ),
        (
            "session:\n  script:\n    - call_tool: {tool: a, then:\n      {timeout: [{wait: 5}]}}",
            (
                "4: $.session.script[0].call_tool.then.timeout[0].wait: expected a span such as"
                " 1.5s, 200ms or 5m, got 5"
            ),
        ),
        (
            f"session:\n  script:\n    - say: {'x' * 2_001}",
            (f'3: $.session.script[0].say: expected at most 2000 characters, got "{"x" * 56}...'),
        ),
        (
            "session:\n  script:\n    - client_event: {tool: show price}",
            '3: $.session.script[0].client_event.tool: expected a tool\'s name, got "show price"',
        ),
        (
            "session:\n  call: {avatar: later}",
            (
                "2: $.session.call.avatar: expected one of at once, late, never, got"
                ' "later"; did you mean late?'
            ),
        ),
        (
            "name: slow\nsession: {queued: 1s}",
            "1: $.name: expected a name of its own, got slow, which the catalogue already has",
        ),
        (
            "name: Slow\nsession: {queued: 1s}",
            '1: $.name: expected a name of small letters, digits and single hyphens, got "Slow"',
        ),
    ],
)
def test_a_mistake_is_reported_with_its_line_its_path_and_what_was_expected(
    mine: Path, text: str, problem: str
) -> None:
    """One line: the file, the line, the place in it, "expected ..., got ..."."""
    assert problems_of(mine, text) == [f"mine.yaml:{problem}"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "account:\n  retry_after: no",
            (
                "2: $.account.retry_after: expected true, false or quoted text, got no, which YAML"
                " reads as either"
            ),
        ),
        ("seed: 0x1F", "1: $.seed: expected a plain decimal number or quoted text, got 0x1F"),
        ("seed: 1:30", "1: $.seed: expected a plain decimal number or quoted text, got 1:30"),
        ("seed: 010", "1: $.seed: expected a plain decimal number or quoted text, got 010"),
        ("seed: .nan", "1: $.seed: expected a plain decimal number or quoted text, got .nan"),
        (
            f"seed: {'9' * 5000}",
            (
                "1: $.seed: expected a number up to 9007199254740991 or quoted text,"
                f" got {'9' * 57}..."
            ),
        ),
        ("about: 5", "1: $.about: expected text, got 5"),
        ("session: {queued: 5s}\nabout: true", "2: $.about: expected text, got true"),
        ("about: a\nabout: b", "2: $.about: expected each key once, got about again (first on"),
        ("seed: !!str 5", "1: $.seed: expected a value without a tag, got tag:yaml.org,2002:str"),
        (
            "seed: !!python/object/apply:os.system [x]",
            "1: $.seed: expected a value without a tag, got tag:yaml.org,2002:python/",
        ),
        (
            "avatars: {influencer: &s {queued: 1s}, b: *s}",
            "1: $.avatars.b: expected the value itself, got",
        ),
        ("avatars: &a {a: *a}", "1: $.avatars.a: expected the value itself, got the alias *a"),
        ("avatars: {5: slow}", '1: $.avatars["5"]: expected text as a key, got 5'),
        ("avatars: {on: slow}", "1: $.avatars.on: expected true, false or quoted text, got on"),
        ("avatars: {? [a] : slow}", '1: $.avatars["something else"]: expected text as a key'),
        ('avatars: {"": slow}', "1: $.avatars.nothing: expected text as a key, got nothing"),
        ("session:\n\tqueued: 5s", "2: $: expected YAML, got a line that is none"),
        ("about: a: b", "1: $: expected YAML, got a line that is none (mapping values"),
        ("about: [a", "1: $: expected YAML, got a line that is none (while parsing a flow"),
        ("name: mine\nabout: \x07", r"2: $: expected text, got the character '\x07'"),
        ("about: a\u2028b", r"1: $: expected text, got the character '\u2028'"),
        (b"name: mine\nabout: \xff", "2: $: expected text in UTF-8, got the byte 0xff"),
        ("[" * 100_000, "1: $: expected at most 32 levels, got more"),
        ("", "1: $: expected a scenario, got nothing"),
        ("# nothing\n---\n---\n", "1: $: expected a scenario, got nothing"),
    ],
)
def test_the_pitfalls_of_yaml_are_reported(mine: Path, text: str | bytes, problem: str) -> None:
    """What YAML would read as something surprising is refused, with what to write instead."""
    (problem_line,) = problems_of(mine, text)
    assert problem_line.startswith(f"mine.yaml:{problem}")


@pytest.mark.parametrize("loader", ["CSafeLoader", "SafeLoader"])
@pytest.mark.parametrize("times", [34, 500, 5000])
@pytest.mark.parametrize(
    "opening", ["[", "{a: ", "- ", "? ", '{"a":', "[{", "[ ", "[\n", "{a:\n  ", "['a', "]
)
def test_our_limit_of_levels_is_reported_before_any_of_the_parser(
    monkeypatch: pytest.MonkeyPatch, opening: str, times: int, loader: str
) -> None:
    """Also where the parser gives up while it reads ahead, before it has read a level."""
    if loader == "SafeLoader":
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    with pytest.raises(NotYaml, match=r"^expected at most 32 levels, got more$"):
        read_documents("name: before\n---\n" + opening * times)


def test_a_mistake_above_the_deep_part_is_reported_first(mine: Path) -> None:
    """The limit of levels hides no other mistake that stands above it."""
    (problem_line,) = problems_of(mine, "about: a: b\nseed: " + "[" * 5000)
    assert problem_line.startswith(
        "mine.yaml:1: $: expected YAML, got a line that is none (mapping values"
    )


def test_a_tab_is_named_where_it_breaks_the_indentation(mine: Path) -> None:
    """The parser's own words do not mention it."""
    (problem_line,) = problems_of(mine, "session:\n\tqueued: 5s")
    assert problem_line.endswith("; it holds a tab, and only spaces can indent")


def test_aliases_do_not_make_a_small_file_huge(mine: Path) -> None:
    """A billion laughs end at the first alias of each line."""
    levels = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40))
    lines = problems_of(mine, f"a0: &a0 [x]\n{levels}")
    assert "expected the value itself, got the alias *a0" in lines[1]
    assert len(lines) < 500


def test_all_problems_of_a_file_are_reported_at_once(mine: Path) -> None:
    """Bad words, bad spans, contradictions and unknown names, by line and through documents."""
    text = """\
session: {queued: long}
avatars: {influencer: sloow, tennis-coach: second, cat-character: {queued: 5}}
---
name: second
account: {credits: no}
session: {then: [{in: queued, event: consumed}]}
---
session: {}
---
name: second
"""
    assert [line.partition(": expected")[0] for line in problems_of(mine, text)] == [
        "mine.yaml:1: $.session.queued",
        'mine.yaml:2: $.avatars["cat-character"].queued',
        "mine.yaml:2: $.avatars.influencer",
        "mine.yaml:5: $.account.credits",
        (
            "mine.yaml:6: $.session.then[0]: while queued a session can be cancelled, failed;"
            " got consumed"
        ),
        "mine.yaml:8: $.name",
        "mine.yaml:10: $.name",
    ]


def test_a_file_that_cannot_be_read_is_reported(tmp_path: Path, mine: Path) -> None:
    """A missing file, a folder, and an oversized file each have their message."""
    for path, words in ((mine, "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(ScenarioFileError, match=f"{path}: cannot be read: {words}"):
            CATALOGUE.with_file(path)
    assert problems_of(mine, b"#" * (LARGEST_FILE + 1)) == [
        f"mine.yaml: expected at most {LARGEST_FILE} bytes, got more"
    ]


def test_the_name_of_a_file_must_do_if_no_other_is_given(tmp_path: Path) -> None:
    """A file called so that no scenario could be needs a name inside."""
    assert problems_of(tmp_path / "My file.yaml", "session: {queued: 1s}") == [
        "My file.yaml:1: $.name: expected a name, because the file's own is none, got My file"
    ]


# What works


def test_documents_of_a_file_join_the_catalogue(mine: Path) -> None:
    """They refer to each other and to built-in ones; the first takes the file's name."""
    mine.write_text(
        "session: {queued: 3s}\n"
        "avatars: {influencer: second, tennis-coach: slow, cat-character: mine}\n"
        "seed: 7\n---\nname: second\naccount: {credits: 9}\nsession: {expires_in: 2s}\n"
        "avatars: {influencer: mine}\n"
    )
    grown = CATALOGUE.with_file(mine)
    first = grown.get("mine")
    assert first is not None
    assert grown.added == ("mine", "second")
    assert grown.names == (*CATALOGUE.names, "mine", "second")
    assert list(grown.themes)[-1] == str(mine)
    assert {avatar: bound.name for avatar, bound in first.avatars.items()} == {
        "influencer": "second",
        "tennis-coach": "slow",
        "cat-character": "mine",
    }
    assert first.seed == "7"
    assert CATALOGUE.get("mine") is None


def test_json_is_read_as_well(tmp_path: Path) -> None:
    """JSON is YAML, tabs between its tokens included."""
    path = tmp_path / "mine.json"
    path.write_text('{\n\t"session": {"queued": "5s", "token_room": "no"}\n}\n')
    scenario = CATALOGUE.with_file(path).get("mine")
    assert scenario is not None
    assert scenario.session.data == {"queued": "5s", "token_room": "no"}


_WRITABLE = st.characters(codec="utf-8", max_codepoint=0xFFFF)  # YAML lacks JSON's surrogates


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**53) + 1, 2**53 - 1)
        | st.text(_WRITABLE, max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text(_WRITABLE, min_size=1, max_size=9), inner, max_size=3)
        ),
        max_leaves=9,
    )
)
def test_json_means_what_json_says(tmp_path_factory: pytest.TempPathFactory, value: Any) -> None:
    """A value that a `set` effect puts into a body arrives as it was written."""
    data = {"session": {"faults": [{"effect": {"set": {"field": value}}}]}}
    path = tmp_path_factory.getbasetemp() / "mine.json"
    path.write_text(json.dumps(data))
    scenario = CATALOGUE.with_file(path).get("mine")
    assert scenario is not None
    assert scenario.session.data == data["session"]


def test_data_is_checked_as_files_are() -> None:
    """The admin API gives data; the same sentences come back, without file and line."""
    parsed = CATALOGUE.parse({"session": {"queued": "5s"}, "avatars": {"influencer": "slow"}})
    assert (parsed.name, parsed.avatars["influencer"].name) == ("unnamed", "slow")
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        (
            {"avatars": {"influencer": "sloow"}},
            "$.avatars.influencer: expected the name of a scenario, got sloow",
        ),
        ({"sesion": {}}, "$.sesion: expected one of name"),
        ({"avatars": {"7": {"queued": 1}}}, '$.avatars["7"].queued: expected a duration'),
        ({"avatars": {"000": {"queued": 1}}}, '$.avatars["000"].queued: expected a duration'),
        ({"avatars": {"+07": {"queued": 1}}}, '$.avatars["+07"].queued: expected a duration'),
        ({"session": {"then": [{"in": "ready", "event": "joined"}]}}, "$.session.then[0]: while"),
    )
    for given_data, start in wrong:
        with pytest.raises(ScenarioFileError) as refusal:
            CATALOGUE.parse(given_data)
        assert str(refusal.value).startswith(start)


# Laws of the catalogue


def test_there_is_a_scenario_for_each_required_failure() -> None:
    """The list of failure modes that the catalogue has to cover."""
    assert {*ASKED_FOR, *FAMILIES} - set(CATALOGUE.names) == set()
    assert len(CATALOGUE) >= 40


def test_each_says_what_it_is_and_does() -> None:
    """Three sentences, in a form that stays readable in a table."""
    for scenario in CATALOGUE:
        assert re.fullmatch(NAME_PATTERN, scenario.name)
        for sentence in (scenario.about, scenario.wire, scenario.state):
            assert sentence.endswith(".")
            assert len(sentence) <= 110, scenario.name


def test_no_two_are_the_same() -> None:
    """Neither in name nor in what they do."""
    forms = [
        json.dumps(
            [dict(form.data) for form in (each.account, each.session, each.task)], sort_keys=True
        )
        for each in CATALOGUE
    ]
    assert len(set(forms)) == len(forms) == len(set(CATALOGUE.names))


def test_every_ready_made_avatar_leads_to_its_scenario() -> None:
    """Their UUIDs differ, and those of account forms select nothing."""
    assert len({each.avatar for each in CATALOGUE}) == len(CATALOGUE)
    for scenario in CATALOGUE:
        chosen = CATALOGUE.of_avatar(scenario.avatar.upper())
        assert chosen is (scenario if "avatar" in scenario.selectable_by else None)
    assert CATALOGUE.of_avatar("influencer") is None


def test_only_what_an_avatar_cannot_say_is_an_account_form() -> None:
    """All that a session form can set can be selected by an avatar."""
    of_accounts = {scenario.name for scenario in CATALOGUE if scenario.account.data}
    account = CATALOGUE.themes["Credits, quota, capacity and keys of the account"]
    limits = {"one-task-at-a-time", "one-task-a-day", "first-tier"}
    of_tasks = {*limits, "no-more-tasks-today", "no-credits-for-tasks"}
    of_runs = {
        name
        for name in CATALOGUE.themes[
            "Workflows and routers: nodes that fail, runs that hang, models that are not there"
        ]
        if "prompt" not in CATALOGUE.get(name).selectable_by  # type: ignore[union-attr]
    }
    of_assets = CATALOGUE.themes[
        "Avatars, voices and documents: processing, limits, pages, references"
    ]
    of_files = CATALOGUE.themes["Uploads, and the files that tasks name"]
    expected = {*account, *of_tasks, *of_assets, *of_runs, *of_files, "avatar-ready-after-10-s"}
    assert of_accounts == expected


def test_each_can_be_put_over_any_settings() -> None:
    """All but the default one change something, and plans know where they come from."""
    for scenario in CATALOGUE:
        settings = scenario.settings_over(Settings())
        plan = scenario.plan_over(Plan())
        assert settings.plan == plan
        changed = settings != Settings() or scenario.account_faults
        assert bool(changed) is (scenario.name != "default")
        assert not scenario.session.data or plan.scenario == scenario.name


def test_built_in_files_are_what_users_would_be_allowed_to_write(tmp_path: Path) -> None:
    """Each keeps the schema, names it for editors, and is split where YAML splits it."""
    empty = Catalogue({})
    names: list[str] = []
    for path in sorted(FOLDER.glob("*.yaml"), key=lambda each: (each.name.find("-"), each.name)):
        assert path.read_text().startswith("# yaml-language-server: $schema=scenario.schema.json\n")
        names += empty.with_file(path).added
    assert tuple(names) == CATALOGUE.names


def test_the_published_schema_is_current() -> None:
    """`fake-runway scenarios schema` prints the file beside the built-in scenarios."""
    assert json.loads((FOLDER / "scenario.schema.json").read_text()) == scenario_schema()


# The check agrees with the schema

_LEAVES: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, 1, -1, 500, 0.5, "", "x", "5s", "-5s", "never", "none", "any", "slow", [], {}]
)


@st.composite
def bent(draw: st.DrawFn) -> Any:
    """A built-in scenario's data with one value replaced, removed or added."""
    name = draw(st.sampled_from(CATALOGUE.names))
    scenario = CATALOGUE.get(name)
    assert scenario is not None
    forms = {"account": dict(scenario.account.data), "session": dict(scenario.session.data)}
    data: Any = json.loads(json.dumps({**forms, "avatars": {"influencer": "slow"}}))
    node = data
    while True:
        keys = list(node) if isinstance(node, Mapping) else list(range(len(node)))
        if not keys:
            return data
        key = draw(st.sampled_from(keys))
        if isinstance(node[key], dict | list) and draw(st.booleans()):
            node = node[key]
            continue
        match draw(st.sampled_from(["replace", "remove", "add"])):
            case "replace":
                node[key] = draw(_LEAVES)
            case "remove":
                del node[key]
            case _ if isinstance(node, dict):
                node[draw(st.sampled_from(["x", "status", "queued", "5"]))] = draw(_LEAVES)
        return data


@given(bent())
def test_exactly_the_mistakes_of_the_schema_are_reported(data: Any) -> None:
    """A second engine agrees on each mistake, and each one has a message."""
    agrees = Draft202012Validator(scenario_schema()).is_valid(data)
    assert (broken_rules(data) == []) is agrees
