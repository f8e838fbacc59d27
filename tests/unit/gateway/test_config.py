"""The configuration names what is wrong and never shows a secret."""

import pytest

from gateway.avatars import PRESETS
from gateway.config import VARIABLES, Config, ConfigError
from gateway.credentials import Shape

SECRET = {"RUNWAYML_API_SECRET": "planted-secret"}


def test_defaults_need_nothing_but_a_secret() -> None:
    """Production, both shapes, all presets and custom avatars, half a minute."""
    config = Config.read(SECRET)
    assert config.base_url == "https://api.dev.runwayml.com"
    assert config.shape is Shape.CREDENTIALS
    assert config.choice is True
    assert (config.deadline_s, config.longest_wait_s) == (30, 0.25)
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
    }
    assert set(environment) == {variable.name for variable in VARIABLES}
    config = Config.read(environment, {"port": "99", "host": None})
    assert config.base_url == "http://127.0.0.1:4010/w/x"
    assert (config.host, config.port) == ("0.0.0.0", 99)
    assert (config.shape, config.choice) == (Shape.SESSION_KEY, False)
    assert (config.deadline_s, config.longest_wait_s) == (5, 1)
    assert config.avatars.ids == {"cat-character", "550e8400-e29b-41d4-a716-446655440000"}
    assert not config.avatars.any_custom


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("RUNWAYML_API_SECRET", ""),
        ("RUNWAYML_API_SECRET", "planted-secret "),
        ("RUNWAYML_API_SECRET", "planted-sécret"),
        ("RUNWAYML_API_SECRET", "planted\nsecret"),
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


def test_a_wrong_flag_is_refused_by_the_name_of_the_flag() -> None:
    """The user typed --deadline, so that is what the message talks about."""
    with pytest.raises(ConfigError, match=r"^--deadline: expected seconds from 1 to 600"):
        Config.read(SECRET, {"deadline_s": "soon"})


def test_a_missing_secret_is_named() -> None:
    """Without a secret nothing starts."""
    with pytest.raises(ConfigError, match="RUNWAYML_API_SECRET"):
        Config.read({})
