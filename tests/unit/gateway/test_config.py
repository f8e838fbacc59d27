"""The configuration names each mistake and never shows a secret."""

import re
from dataclasses import fields
from typing import Any

import pytest

from gateway.access.settings import Mode
from gateway.config import SETTINGS, Config, ConfigError, unknown
from gateway.flow.avatars import PRESETS
from gateway.flow.credentials import Shape
from gateway.limits.settings import LimitSettings
from gateway.limits.storage import Outage

SECRET = {"RUNWAYML_API_SECRET": "planted-secret"}


def test_defaults_need_nothing_but_a_secret() -> None:
    """Production, both shapes, all presets and custom avatars, half a minute."""
    config = Config.read(SECRET)
    assert config.base_url == "https://api.dev.runwayml.com"
    assert config.shape is Shape.CREDENTIALS
    assert config.choice is True
    assert (config.deadline_s, config.longest_wait_s) == (30, 0.2)
    assert config.avatars.ids == frozenset(PRESETS)
    assert config.upstream_host == "api.dev.runwayml.com"
    assert "planted" not in repr(config)


def test_every_variable_is_read_and_flags_win() -> None:
    """Each variable sets its field; a flag for the same field is stronger."""
    environment = SECRET | {
        "RUNWAYML_BASE_URL": "http://127.0.0.1:4010/w/x/",
        "GATEWAY_HOST": "0.0.0.0",
        "GATEWAY_PORT": "0",
        "GATEWAY_SHAPE": "session-key",
        "GATEWAY_SHAPE_CHOICE": "off",
        "GATEWAY_DEADLINE": "5",
        "GATEWAY_POLL_INTERVAL": "1",
        "GATEWAY_AVATARS": "cat-character, 550e8400-E29B-41d4-a716-446655440000",
        "GATEWAY_OPTIONS": "tools, maxDuration",
        "GATEWAY_CORS_ORIGINS": "https://app.example.com",
        "GATEWAY_AUTH": "jwt",
        "GATEWAY_JWT_JWKS_URL": "https://login.example.com/keys",
        "GATEWAY_JWT_ALGORITHMS": "RS256",
        "GATEWAY_JWT_ISSUER": "https://login.example.com",
        "GATEWAY_JWT_AUDIENCE": "avatars",
        "GATEWAY_JWT_LEEWAY": "5",
        "GATEWAY_RATE_LIMIT": "30/minute",
        "GATEWAY_IN_FLIGHT_LIMIT": "100",
        "GATEWAY_RATE_LIMIT_STORAGE": "redis://:planted-password@127.0.0.1:6379/0",
        "GATEWAY_RATE_LIMIT_OUTAGE": "closed",
        "GATEWAY_TRUSTED_PROXIES": "10.0.0.0/8",
        "GATEWAY_CONCURRENCY": "7",
        "GATEWAY_QUEUE": "0",
        "GATEWAY_SHUTDOWN_GRACE": "3",
        "GATEWAY_TLS_CERT_FILE": __file__,
        "GATEWAY_TLS_KEY_FILE": __file__,
        "GATEWAY_METRICS": "off",
        "GATEWAY_LOG_FORMAT": "text",
        "GATEWAY_LOG_LEVEL": "warning",
    }
    others = {"GATEWAY_AUTH_TOKENS", "GATEWAY_JWT_SECRET", "GATEWAY_JWT_PUBLIC_KEY_FILE"}
    assert environment.keys() | others == {each.variable for each in SETTINGS}
    config = Config.read(environment, {"port": "99", "host": None})
    unset = Config(secret="x")
    same = [
        field.name
        for field in fields(Config)
        if getattr(config, field.name) == getattr(unset, field.name)
    ]
    assert not same, "a variable that sets nothing"
    assert (config.auth.mode, config.auth.audience, config.auth.leeway_s) == (
        Mode.JWT,
        "avatars",
        5,
    )
    assert (config.limits.in_flight, config.limits.on_outage) == (100, Outage.CLOSED)
    assert (config.concurrency, config.queue, config.grace_s) == (7, 0, 3)
    assert config.secrets == ("planted-secret", "planted-password")
    assert "planted" not in repr(config)
    assert config.base_url == "http://127.0.0.1:4010/w/x"
    assert (config.host, config.port) == ("0.0.0.0", 99)
    assert (config.shape, config.choice) == (Shape.SESSION_KEY, False)
    assert (config.deadline_s, config.longest_wait_s) == (5, 1)
    assert config.avatars.ids == {"cat-character", "550e8400-e29b-41d4-a716-446655440000"}
    assert not config.avatars.any_custom


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"GATEWAY_AUTH_TOKENS": "planted-0123456789"}, "GATEWAY_AUTH_TOKENS is set, but"),
        ({"GATEWAY_AUTH": "bearer"}, "GATEWAY_AUTH is bearer, which needs GATEWAY_AUTH_TOKENS"),
        (
            {"GATEWAY_AUTH": "jwt"},
            "GATEWAY_JWT_SECRET, GATEWAY_JWT_PUBLIC_KEY_FILE, GATEWAY_JWT_JWKS_URL",
        ),
        (
            {"GATEWAY_AUTH": "jwt", "GATEWAY_JWT_SECRET": "planted"},
            "GATEWAY_JWT_SECRET needs 32 bytes",
        ),
        ({"GATEWAY_TLS_CERT_FILE": __file__}, "expected both or none"),
    ],
)
def test_variables_that_do_not_go_together(environment: dict[str, str], message: str) -> None:
    """Settings that do not go together are reported at start, by their variables."""
    with pytest.raises(ConfigError) as wrong:
        Config.read(SECRET | environment)
    assert message in str(wrong.value)
    assert "planted" not in str(wrong.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("RUNWAYML_API_SECRET", ""),
        ("RUNWAYML_API_SECRET", "planted-secret "),
        ("RUNWAYML_API_SECRET", "planted-sécret"),
        ("RUNWAYML_API_SECRET", "planted\nsecret"),
        ("GATEWAY_OPTIONS", "voice"),
        ("GATEWAY_CORS_ORIGINS", "app.example.com"),
        ("GATEWAY_AUTH", "cookie"),
        ("GATEWAY_JWT_JWKS_URL", "http://login.example.com/keys"),
        ("GATEWAY_JWT_ALGORITHMS", "none"),
        ("GATEWAY_JWT_LEEWAY", "-1"),
        ("GATEWAY_JWT_LEEWAY", "301"),
        ("GATEWAY_JWT_LEEWAY", "inf"),
        ("GATEWAY_JWT_PUBLIC_KEY_FILE", "/no/such/file"),
        ("GATEWAY_RATE_LIMIT", "often"),
        ("GATEWAY_RATE_LIMIT_STORAGE", "memcached://:planted-password@host"),
        ("GATEWAY_RATE_LIMIT_OUTAGE", "maybe"),
        ("GATEWAY_IN_FLIGHT_LIMIT", "-1"),
        ("GATEWAY_IN_FLIGHT_LIMIT", "0"),
        ("GATEWAY_RATE_LIMIT", "0/minute"),
        ("GATEWAY_RATE_LIMIT", "5/0 minutes"),
        ("GATEWAY_IN_FLIGHT_LIMIT", "100001"),
        ("GATEWAY_IN_FLIGHT_LIMIT", ""),
        ("GATEWAY_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("GATEWAY_CONCURRENCY", "0"),
        ("GATEWAY_QUEUE", "many"),
        ("GATEWAY_PORT", "tcp://10.96.0.1:4011"),
        ("GATEWAY_HOST", ""),
        ("GATEWAY_JWT_ISSUER", ""),
        ("GATEWAY_JWT_AUDIENCE", " "),
        ("GATEWAY_SHUTDOWN_GRACE", "nan"),
        ("GATEWAY_TLS_CERT_FILE", "/no/such/file"),
        ("GATEWAY_METRICS", "maybe"),
        ("GATEWAY_LOG_FORMAT", "xml"),
        ("GATEWAY_LOG_LEVEL", "loud"),
        ("RUNWAYML_BASE_URL", "api.dev.runwayml.com"),
        ("RUNWAYML_BASE_URL", "ftp://host"),
        ("RUNWAYML_BASE_URL", "http://"),
        ("RUNWAYML_BASE_URL", "http://host/?x=1"),
        ("RUNWAYML_BASE_URL", "http://user:pass@host"),
        ("RUNWAYML_BASE_URL", "http://[::1"),
        ("RUNWAYML_BASE_URL", "http://127.0.0.1:99999"),
        ("RUNWAYML_BASE_URL", "http://127.0.0.1:abc"),
        ("RUNWAYML_BASE_URL", "http://a b"),
        ("RUNWAYML_BASE_URL", "http://a..b"),
        ("GATEWAY_PORT", "http"),
        ("GATEWAY_PORT", "65536"),
        ("GATEWAY_SHAPE", "both"),
        ("GATEWAY_SHAPE_CHOICE", "maybe"),
        ("GATEWAY_DEADLINE", "0"),
        ("GATEWAY_DEADLINE", "nan"),
        ("GATEWAY_DEADLINE", "30s"),
        ("GATEWAY_POLL_INTERVAL", "1.01"),
        ("GATEWAY_POLL_INTERVAL", "0.01"),
        ("GATEWAY_AVATARS", ""),
        ("GATEWAY_AVATARS", "Cat Character"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_variable(name: str, text: str) -> None:
    """The message begins with the variable; a secret is not in it."""
    with pytest.raises(ConfigError) as caught:
        Config.read(SECRET | {name: text})
    assert str(caught.value).startswith(f"{name}: expected ")
    assert "planted" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("GATEWAY_SHAPE", "key", "the answer's shape, `credentials` or `session-key`: got 'key'"),
        (
            "GATEWAY_DEADLINE",
            "30s",
            "the seconds from a request to its answer, 1 to 600: got '30s'",
        ),
        ("GATEWAY_PORT", "abc", "a port from 0 to 65535, 0 for any free one: got 'abc'"),
        ("GATEWAY_PORT", "70000", "a port from 0 to 65535, 0 for any free one: got '70000'"),
        ("GATEWAY_QUEUE", "few", "the connects that may wait .*, 0 to 100000: got 'few'"),
        ("GATEWAY_CORS_ORIGINS", "http://a:b", ".* no origin: 'http://a:b'; one looks like .*"),
        ("RUNWAYML_BASE_URL", "http://me:planted", ".*: its host or its port cannot be read"),
    ],
)
def test_a_message_says_expected_and_got(name: str, text: str, message: str) -> None:
    """The words are the operator's, not Python's; a possible password is not shown."""
    with pytest.raises(ConfigError) as caught:
        Config.read(SECRET | {name: text})
    assert re.fullmatch(f"{name}: expected {message}", str(caught.value))


def test_choices_are_shown_as_they_are_written() -> None:
    """Each choice of the help, in backticks, is accepted letter by letter."""
    documented = {each.variable: re.findall("`([^`]+)`", each.expected) for each in SETTINGS}
    words = {
        name: words for name, words in documented.items() if words and name != "GATEWAY_AVATARS"
    }
    auth = {"bearer": "GATEWAY_AUTH_TOKENS", "jwt": "GATEWAY_JWT_SECRET"}
    for name, choices in words.items():
        for choice in choices:
            more = {auth[choice]: "0123456789abcdef" * 2} if choice in auth else {}
            assert Config.read(SECRET | more | {name: choice})
    assert [words[name] for name in ("GATEWAY_SHAPE", "GATEWAY_AUTH", "GATEWAY_LOG_FORMAT")] == [
        ["credentials", "session-key"],
        ["none", "bearer", "jwt"],
        ["json", "text"],
    ]


BOUNDED = {
    each.variable: (float(bounds[1]), float(bounds[2]))
    for each in SETTINGS
    if (bounds := re.search(r"([0-9.]+) to ([0-9]+)", each.expected))
}


def test_a_number_is_refused_exactly_outside_of_the_bounds_that_are_shown() -> None:
    """Of every setting with bounds in its help; one that ends at 0 accepts 0 and nothing below."""
    assert len(BOUNDED) == 8
    for each in SETTINGS:
        for bound, outwards in zip(BOUNDED.get(each.variable, ()), (-1, 1), strict=False):
            whole = isinstance(each.value, int)
            beyond = bound + outwards * (1 if whole else 0.01)
            assert each.parse(f"{bound:.0f}" if whole else str(bound)) == bound
            with pytest.raises(ValueError, match="got"):
                each.parse(f"{beyond:.0f}" if whole else str(beyond))


@pytest.mark.parametrize(
    ("wrong", "variable"),
    [
        ({"deadline_s": 0.0}, "GATEWAY_DEADLINE"),
        ({"longest_wait_s": 0.0}, "GATEWAY_POLL_INTERVAL"),
        ({"longest_wait_s": 1.01}, "GATEWAY_POLL_INTERVAL"),
        ({"concurrency": 0}, "GATEWAY_CONCURRENCY"),
        ({"queue": -1}, "GATEWAY_QUEUE"),
        ({"grace_s": -0.01}, "GATEWAY_SHUTDOWN_GRACE"),
        ({"limits": LimitSettings(in_flight=-1)}, "GATEWAY_IN_FLIGHT_LIMIT"),
    ],
)
def test_a_number_that_came_without_a_text_is_checked_too(
    wrong: dict[str, Any], variable: str
) -> None:
    """By the name of the variable; the least that is allowed passes."""
    with pytest.raises(ConfigError, match=f"^{variable}: expected"):
        Config(secret="x", **wrong)
    least = LimitSettings(in_flight=0)
    assert Config("x", deadline_s=0.01, concurrency=1, queue=0, grace_s=0, limits=least)


@pytest.mark.parametrize(("text", "number"), [("off", 0), (" OFF ", 0), ("1", 1), ("25", 25)])
def test_in_flight_limit(text: str, number: int) -> None:
    """`off` is no limit, and no number is."""
    config = Config.read(SECRET | {"GATEWAY_IN_FLIGHT_LIMIT": text})
    assert config.limits.in_flight == number


def test_a_wrong_flag_is_refused_by_the_name_of_the_flag() -> None:
    """The message names --deadline, as the user typed it."""
    with pytest.raises(ConfigError, match=r"^--deadline: expected the seconds .*, 1 to 600"):
        Config.read(SECRET, {"deadline_s": "soon"})


def test_a_shape_is_no_text() -> None:
    """Compared with the two that there are, a text would be neither, and so the wrong one."""
    with pytest.raises(ConfigError, match=r"^GATEWAY_SHAPE: expected .*Shape"):
        Config(secret="planted", shape="session-key")  # type: ignore[arg-type]


def test_a_missing_secret_is_named() -> None:
    """Without a secret nothing starts."""
    with pytest.raises(ConfigError, match="RUNWAYML_API_SECRET"):
        Config.read({})


def test_misspelt_variables_are_reported() -> None:
    """An unknown GATEWAY_ variable is reported: a typing error would switch a limit off."""
    environment = {
        "GATEWAY_RATELIMIT": "30/minute",
        "GATEWAY_AUTH": "bearer",
        "GATEWAY_PORT_4011_TCP": "tcp://10.96.0.1:4011",
        "GATEWAY_SERVICE_HOST": "10.96.0.1",
        "PATH": "/bin",
    }
    assert list(unknown(environment)) == [
        "GATEWAY_RATELIMIT is no variable of the gateway; GATEWAY_RATE_LIMIT is"
    ]
