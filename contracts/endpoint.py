"""The form of an endpoint as people write it: options of the command and of the pytest plugin.

Every function raises `ValueError` with what was expected and what came. A header's value is in no
message, because it may be a secret.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import click

from contracts.judge.observation import SHAPE_KEYS
from contracts.judge.target import AVATAR, PORT, Target, is_address

DEFAULT_URL = "http://127.0.0.1:4011/api/avatar/connect"
DEFAULT_BODY = '{"avatarId": "$AVATAR"}'
METHODS = ("POST", "GET", "PUT", "PATCH")
ANSWER_KEYS = tuple(dict.fromkeys(key for keys in SHAPE_KEYS.values() for key in keys))
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # a token of RFC 9110
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def address(url: str) -> str:
    """Return the address of an endpoint; it may hold `$AVATAR` and `{port}`."""
    if not is_address(url.replace(PORT, "1")):
        raise ValueError(f"expected an address such as {DEFAULT_URL}, got {url!r}")
    return url


def header(text: str) -> tuple[str, str]:
    """Return name and value of `Name: value`."""
    name, colon, value = (part.strip() for part in text.partition(":"))
    wrong = ""  # without the value, which may be a secret
    if not colon:
        wrong = "no colon"
    elif not _HEADER_NAME.fullmatch(name):
        wrong = f"the name {name!r}"
    elif _CONTROL.search(value):
        wrong = f"a value of {name} that cannot be sent"
    if wrong:
        raise ValueError(f"expected `Name: value`, got {wrong}")
    return name, value


def template(text: str) -> str:
    """Return the template of a body: JSON, or any text; `$AVATAR` stands for the avatar."""
    try:
        if text.lstrip().startswith(("{", "[")):
            json.loads(text.replace(AVATAR, "music-superstar"))
    except ValueError as error:
        raise ValueError(f"expected JSON, got {text!r}: {error}") from None
    return text


def custom_template(text: str) -> str:
    """Return the template of a body for a custom avatar, which it has to name."""
    if AVATAR not in text:
        raise ValueError(f"expected {AVATAR} in the body, got {text!r}")
    return template(text)


def answer_name(text: str) -> tuple[str, str]:
    """Return our name of a key of the answer, and the path of theirs: `data.id=sessionId`."""
    theirs, equals, ours = (part.strip() for part in text.partition("="))
    if not equals or ours not in ANSWER_KEYS or not all(theirs.split(".")):
        known = ", ".join(ANSWER_KEYS)
        raise ValueError(f"expected THEIRS=OURS with one of {known}, got {text!r}")
    return ours, theirs


def target(
    url: str,
    *,
    headers: Iterable[tuple[str, str]] = (),
    method: str = METHODS[0],
    body_template: str = DEFAULT_BODY,
    custom_body_template: str | None = None,
    answer_map: Iterable[tuple[str, str]] = (),
) -> Target:
    """Return the target that these options describe."""
    names: Mapping[str, str] = dict(answer_map)
    return Target(url, dict(headers), body_template, method, custom_body_template, names)


def _parsed(parse: Callable[[str], Any]) -> Callable[[click.Context, click.Parameter, Any], Any]:
    def callback(_: click.Context, __: click.Parameter, value: Any) -> Any:
        try:
            if isinstance(value, tuple):
                return [parse(each) for each in value]
            return None if value is None else parse(value)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return callback


OPTIONS = (
    click.option(
        "--target",
        "url",
        default=DEFAULT_URL,
        callback=_parsed(address),
        help="The endpoint to which a page POSTs. $AVATAR in it is replaced by the avatar, and"
        " {port}, here and in the COMMAND, by a free port.",
    ),
    click.option(
        "--method",
        type=click.Choice(METHODS),
        default=METHODS[0],
        help="The method of a call; GET has no body.",
    ),
    click.option(
        "--header",
        "headers",
        multiple=True,
        callback=_parsed(header),
        help="`Name: value`, sent with every call.",
    ),
    click.option(
        "--body-template",
        default=DEFAULT_BODY,
        callback=_parsed(template),
        help="The body; $AVATAR is replaced. Without $AVATAR here and in --target, the endpoint"
        " chooses the avatar itself: its situations run one after the other.",
    ),
    click.option(
        "--custom-body-template",
        callback=_parsed(custom_template),
        help="The body for a custom avatar, a UUID. [default: the same]",
    ),
    click.option(
        "--answer-map",
        multiple=True,
        metavar="THEIRS=OURS",
        callback=_parsed(answer_name),
        help="A key of the answer with another name, such as data.session_id=sessionId;"
        " repeatable.",
    ),
)
"""The options of the command, in the order of its help."""


def endpoint_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that `target` takes to a command."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command
