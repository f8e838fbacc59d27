"""The gateway's configuration: read once, checked whole, frozen."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from difflib import get_close_matches
from typing import Any
from urllib.parse import unquote, urlsplit

from gateway.access.addresses import TrustedProxies, parse_networks
from gateway.access.cors import Origins
from gateway.access.settings import AuthSettings
from gateway.access.settings import check as check_auth
from gateway.errors import InvalidRequest
from gateway.flow.avatars import AllowList
from gateway.flow.credentials import Shape
from gateway.flow.options import OPTIONS, parse_options
from gateway.limits.settings import LimitSettings
from gateway.settings import (
    SETTING,
    Setting,
    number,
    one_of,
    readable_file,
    setting,
    settings_of,
    some_text,
    switch,
    words,
)
from gateway.telemetry.logs import LogFormat, LogLevel


class ConfigError(Exception):
    """A setting is missing or wrong. The message names it and never shows a secret."""


def _secret(text: str) -> str:
    if not text:
        raise ValueError("it is empty")
    if text != text.strip():
        raise ValueError("it begins or ends with white space")
    if not (text.isascii() and text.isprintable()):
        raise ValueError("it holds characters that cannot be sent in a header")
    return text


def _base_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        _ = parts.port, (parts.hostname or "").encode("idna")  # each a ValueError if it is none
    except ValueError:
        raise ValueError("its host or its port cannot be read") from None
    if any(character.isspace() for character in text):
        raise ValueError("it holds white space")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("it has no http(s) scheme or no host")
    if parts.query or parts.fragment or parts.username or parts.password:
        raise ValueError("it has a query, a fragment or a user")
    return text.rstrip("/")


def _port(text: str) -> int:
    if text.startswith("tcp://"):
        raise ValueError(
            "this looks like Kubernetes' variable for a Service named `gateway`;"
            " set `enableServiceLinks: false` in the pod's spec"
        )
    return number(int, 0, 65_535)(text)


@dataclass(frozen=True, slots=True)
class Tls:
    """The files with which the gateway speaks HTTPS itself."""

    cert: str = setting(
        "GATEWAY_TLS_CERT_FILE", readable_file, "a PEM file with the certificate chain"
    )
    key: str = setting(
        "GATEWAY_TLS_KEY_FILE", readable_file, "a PEM file with its key, unencrypted"
    )


@dataclass(frozen=True, slots=True)
class Config:
    """What a gateway needs to know. Each field says in its setting what it may hold."""

    secret: str = setting(
        "RUNWAYML_API_SECRET", _secret, "the upstream's API secret", unset=MISSING, secret=True
    )
    base_url: str = setting(
        "RUNWAYML_BASE_URL=https://api.dev.runwayml.com",
        _base_url,
        "the upstream's URL, such as https://api.dev.runwayml.com",
    )
    host: str = setting("GATEWAY_HOST=127.0.0.1", some_text, "an address to listen on")
    port: int = setting("GATEWAY_PORT=4011", _port, "a port from 0 to 65535, 0 for any free one")
    shape: Shape = setting(
        "GATEWAY_SHAPE=credentials",
        one_of(Shape),
        "the answer's shape, `credentials` or `session-key`",
    )
    choice: bool = setting(
        "GATEWAY_SHAPE_CHOICE=on",
        switch,
        "`on` or `off`: whether callers may choose the other one by ?shape=",
    )
    deadline_s: float = setting(
        "GATEWAY_DEADLINE=30",
        number(float, 1, 600),
        "the seconds from a request to its answer, 1 to 600",
    )
    longest_wait_s: float = setting(
        "GATEWAY_POLL_INTERVAL=0.2",
        number(float, 0.1, 1),
        "the seconds between two polls of a session at most, 0.1 to 1",
    )
    avatars: AllowList = setting(
        "GATEWAY_AVATARS=presets,custom",
        lambda text: AllowList.parse(words(text)),
        "preset ids and UUIDs, comma separated; `presets` for all presets, `custom` for any UUID",
    )
    options: frozenset[str] = setting(
        "GATEWAY_OPTIONS=",
        parse_options,
        f"what callers may ask of a session, comma separated: {', '.join(OPTIONS)}",
    )
    origins: Origins = setting(
        "GATEWAY_CORS_ORIGINS=",
        Origins.parse,
        "origins whose pages may call, comma separated, such as https://app.example.com, or *",
    )
    auth: AuthSettings = field(default_factory=AuthSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    trusted: TrustedProxies = setting(
        "GATEWAY_TRUSTED_PROXIES=",
        parse_networks,
        "addresses and networks whose X-Forwarded-For is believed, comma separated; `unix` for"
        " every caller through a Unix socket",
    )
    concurrency: int = setting(
        "GATEWAY_CONCURRENCY=4000",
        number(int, 1, 100_000),
        "the connects in flight at once in this process, 1 to 100000; more wait for their turn",
    )
    queue: int = setting(
        "GATEWAY_QUEUE=4000",
        number(int, 0, 100_000),
        "the connects that may wait for their turn, 0 to 100000",
    )
    grace_s: float = setting(
        "GATEWAY_SHUTDOWN_GRACE=10",
        number(float, 0, 600),
        "the seconds that connects in flight may go on when the gateway stops, 0 to 600",
    )
    tls: Tls = field(default_factory=Tls)
    metrics: bool = setting("GATEWAY_METRICS=on", switch, "`on` or `off`: whether /metrics exists")
    log_format: LogFormat = setting(
        "GATEWAY_LOG_FORMAT=json",
        one_of(LogFormat),
        "`json` for one object a line, or `text` for people",
    )
    log_level: LogLevel = setting(
        "GATEWAY_LOG_LEVEL=info",
        one_of(LogLevel),
        "the lowest level that is logged: `debug`, `info`, `warning` or `error`",
    )

    def __post_init__(self) -> None:
        """Check what no text can be checked for alone, and values that came without a text.

        Raises:
            ConfigError: by the name of the variable, also if there was none.
        """
        bounds = {
            "GATEWAY_SHAPE": (isinstance(self.shape, Shape), "a gateway.Shape"),
            "GATEWAY_DEADLINE": (self.deadline_s > 0, "more than 0"),
            "GATEWAY_POLL_INTERVAL": (0 < self.longest_wait_s <= 1, "more than 0, at most 1"),
            "GATEWAY_CONCURRENCY": (self.concurrency >= 1, "1 or more"),
            "GATEWAY_IN_FLIGHT_LIMIT": (self.limits.in_flight >= 0, "0 for `off`, or more"),
            "GATEWAY_QUEUE": (self.queue >= 0, "0 or more"),
            "GATEWAY_SHUTDOWN_GRACE": (self.grace_s >= 0, "0 or more"),
            "RUNWAYML_BASE_URL": (not self.base_url.endswith("/"), "no slash at the end"),
            "RUNWAYML_API_SECRET": (bool(self.secret), "the upstream's API secret"),
        }
        for variable, (good, expected) in bounds.items():
            if not good:
                raise ConfigError(f"{variable}: expected {expected}")
        try:
            check_auth(self.auth)
        except ValueError as error:
            raise ConfigError(str(error)) from None
        if bool(self.tls.cert) != bool(self.tls.key):
            raise ConfigError(
                "GATEWAY_TLS_CERT_FILE and GATEWAY_TLS_KEY_FILE: expected both or none"
            )

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

    def shape_for(self, asked: Shape | None) -> Shape:
        """Return the shape of an answer to a caller who asks for this one, None: for none.

        Raises:
            InvalidRequest: callers may not choose.
        """
        if asked not in (None, self.shape) and not self.choice:
            raise InvalidRequest(f"this gateway answers with shape {self.shape.value} only")
        return asked or self.shape

    @classmethod
    def read(
        cls, environment: Mapping[str, str], flags: Mapping[str, str | None] | None = None
    ) -> "Config":
        """Build from environment variables; a flag (named like its setting's `key`) wins.

        Raises:
            ConfigError: the first thing that is wrong, with what was expected.
        """
        values = {each.field: _value(each, environment, flags or {}) for each in SETTINGS}

        def built(group: Any, prefix: str = "") -> Any:
            return group(
                **{
                    each.name: values[f"{prefix}{each.name}"]
                    if SETTING in each.metadata
                    else built(each.default_factory, f"{each.name}.")
                    for each in fields(group)
                }
            )

        config: Config = built(cls)
        return config


SETTINGS = tuple(settings_of(Config))


def own_url(environment: Mapping[str, str], path: str) -> str:
    """Return where a gateway with this environment listens, as this machine reaches it.

    Reads no other variable, so that a health check needs no secret.

    Raises:
        ConfigError: one of the variables that say where is wrong.
    """
    where = {each.field: each for each in SETTINGS}
    host, port, cert = (
        _value(where[name], environment, {}) for name in ("host", "port", "tls.cert")
    )
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"{'https' if cert else 'http'}://{f'[{host}]' if ':' in host else host}:{port}{path}"


def unknown(environment: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each variable that looks like one of the gateway's and is none.

    Kubernetes' own variables for a Service named `gateway` are left out.
    """
    names = [each.variable for each in SETTINGS]
    for name in sorted(environment):
        ours = name.startswith("GATEWAY_") and name not in names
        if ours and not name.startswith(("GATEWAY_SERVICE_", "GATEWAY_PORT_")):
            near = get_close_matches(name, names, 1)
            yield f"{name} is no variable of the gateway" + (f"; {near[0]} is" if near else "")


def _value(one: Setting, environment: Mapping[str, str], flags: Mapping[str, str | None]) -> Any:
    flag = flags.get(one.key)
    text = flag if flag is not None else environment.get(one.variable)
    if text is None:
        if one.value is MISSING:
            raise ConfigError(f"{one.variable}: expected {one.expected}: not set")
        return one.value
    try:
        return one.parse(text)
    except ValueError as error:
        source = one.flag if flag is not None else one.variable
        raise ConfigError(f"{source}: expected {one.expected}: {error}") from None
