"""The gateway's configuration: read once, checked whole, frozen.

Every variable is listed in `VARIABLES`; the command line has a flag for each but the secrets, which
would be visible in the process list.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote, urlsplit

from gateway.access.cors import Origins
from gateway.access.settings import AuthSettings
from gateway.access.settings import check as check_auth
from gateway.flow.avatars import AllowList
from gateway.flow.credentials import Shape
from gateway.limits.rates import LimitSettings
from gateway.telemetry.logs import LogFormat, LogLevel
from gateway.variables import VARIABLES, Variable

HOST, PORT = "127.0.0.1", 4011


class ConfigError(Exception):
    """A variable is missing or wrong. The message names it and never shows a secret."""


@dataclass(frozen=True, slots=True)
class Tls:
    """The files that make the gateway speak HTTPS itself; empty: a proxy does, or nobody."""

    cert: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Config:
    """What a gateway needs to know.

    Attributes:
        secret: the upstream's API secret.
        base_url: the upstream, without a trailing slash.
        shape: the answer's shape, unless the caller asks for the other one and `choice` allows it.
        deadline_s: from a request to its answer.
        longest_wait_s: between two looks at a session, at most 1.
        avatars: whom sessions may be made for.
        options: what callers may ask of a session besides its avatar.
        origins: whose pages may call.
        concurrency: how many connects run at once; more wait for their turn.
        queue: how many may wait.
        grace_s: how long connects under way may go on when the gateway is told to stop.
        metrics: whether `/metrics` exists.
        log_format: one JSON object a line, or text for people.
        log_level: from which importance on lines are logged.
    """

    secret: str = field(repr=False)
    base_url: str = "https://api.dev.runwayml.com"
    host: str = HOST
    port: int = PORT
    shape: Shape = Shape.CREDENTIALS
    choice: bool = True
    deadline_s: float = 30.0
    longest_wait_s: float = 0.2
    avatars: AllowList = field(default_factory=lambda: AllowList.parse(["presets", "custom"]))
    options: frozenset[str] = frozenset()
    origins: Origins = field(default_factory=Origins)
    auth: AuthSettings = field(default_factory=AuthSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    concurrency: int = 4000
    queue: int = 4000
    grace_s: float = 10.0
    tls: Tls = field(default_factory=Tls)
    metrics: bool = True
    log_format: LogFormat = LogFormat.JSON
    log_level: LogLevel = LogLevel.INFO

    def __post_init__(self) -> None:
        """Check what no variable can be checked for alone, and what came without variables.

        Raises:
            ConfigError: by the name of the variable, also if there was none.
        """
        _check(self)

    @property
    def upstream_host(self) -> str:
        """The upstream's host and port, fit for a log line."""
        return urlsplit(self.base_url).netloc

    @property
    def secrets(self) -> tuple[str, ...]:
        """Everything that no output may show."""
        password = urlsplit(self.limits.storage).password
        spellings = (password, unquote(password)) if password else ()
        every = (self.secret, *self.auth.tokens, self.auth.jwt_secret, *spellings)
        return tuple(dict.fromkeys(secret for secret in every if secret))

    @classmethod
    def read(
        cls, environment: Mapping[str, str], flags: Mapping[str, str | None] | None = None
    ) -> "Config":
        """Build from environment variables; a flag (named like its variable's `key`) wins.

        Raises:
            ConfigError: the first thing that is wrong, with what was expected.
        """
        values: dict[str, Any] = {}
        groups: dict[str, dict[str, Any]] = {name: {} for name in _GROUPS}
        for field_name, value in _parsed(environment, flags or {}, VARIABLES):
            group, _, name = field_name.rpartition(".")
            (groups[group] if group else values)[name] = value
        if "secret" not in values:
            raise ConfigError("RUNWAYML_API_SECRET: expected the upstream's API secret: not set")
        settings = {name: make(**groups[name]) for name, make in _GROUPS.items()}
        return cls(**values, **settings)


def own_url(environment: Mapping[str, str], path: str) -> str:
    """Return where a gateway with this environment listens, as this machine reaches it.

    Looks at nothing else, so that whoever asks needs no secret.

    Raises:
        ConfigError: one of the variables that say where is wrong.
    """
    where = [each for each in VARIABLES if each.field in ("host", "port", "tls.cert")]
    given = dict(_parsed(environment, {}, where))
    scheme = "https" if "tls.cert" in given else "http"
    host = given.get("host", HOST)
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{given.get('port', PORT)}{path}"


def _parsed(
    environment: Mapping[str, str], flags: Mapping[str, str | None], variables: Iterable[Variable]
) -> Iterator[tuple[str, Any]]:
    """Yield the field and the value of each variable that is set."""
    for variable in variables:
        flag = flags.get(variable.key)
        text = flag if flag is not None else environment.get(variable.name)
        if text is None:
            continue
        try:
            yield variable.field, variable.parse(text)
        except ValueError as error:
            source = variable.flag if flag is not None else variable.name
            raise ConfigError(f"{source}: expected {variable.expected}: {error}") from None


_GROUPS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {"auth": AuthSettings, "limits": LimitSettings, "tls": Tls}
)


def _check(config: Config) -> None:
    fields = {
        "GATEWAY_SHAPE": (isinstance(config.shape, Shape), "a gateway.credentials.Shape"),
        "GATEWAY_DEADLINE": (config.deadline_s > 0, "more than 0"),
        "GATEWAY_POLL_INTERVAL": (0 < config.longest_wait_s <= 1, "more than 0, at most 1"),
        "GATEWAY_CONCURRENCY": (config.concurrency >= 1, "1 or more"),
        "GATEWAY_QUEUE": (config.queue >= 0, "0 or more"),
        "GATEWAY_SHUTDOWN_GRACE": (config.grace_s >= 0, "0 or more"),
        "RUNWAYML_BASE_URL": (not config.base_url.endswith("/"), "no slash at the end"),
        "RUNWAYML_API_SECRET": (bool(config.secret), "the upstream's API secret"),
    }
    for name, (good, expected) in fields.items():
        if not good:
            raise ConfigError(f"{name}: expected {expected}")
    try:
        check_auth(config.auth)
    except ValueError as error:
        raise ConfigError(_by_variable("auth", str(error))) from None
    if bool(config.tls.cert) != bool(config.tls.key):
        raise ConfigError("GATEWAY_TLS_CERT_FILE and GATEWAY_TLS_KEY_FILE: expected both or none")


def _by_variable(group: str, text: str) -> str:
    """Replace the names of a group's fields by those that the operator knows."""
    for variable in VARIABLES:
        before, _, name = variable.field.rpartition(".")
        if before == group:
            text = re.sub(rf"\b{name}\b", variable.name, text)
    return text
