"""The names of worlds, and the secrets and session keys that select them.

A name is public: logs and answers show it. A secret is never shown, so the world of a secret is
named by its hash. A text that begins with `fake.` is no secret: it is the name of its world, and
names the scenario that the world follows.
"""

import re
from hashlib import blake2b, sha256

from fake_runway.core.errors import Refused

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,99}")
# source: the public troubleshooting page
_REAL_SECRET = re.compile(r"key_[0-9a-f]{128}", re.IGNORECASE)
_WITH_SCENARIO = re.compile(r"fake\.([^.]*)(?:\..*)?", re.DOTALL)
_SESSION_KEY = re.compile(r"stk_([0-9a-f]{12})_[0-9a-f]{32}")


class SecretRefused(Refused):
    """The API secret is missing, not accepted, or possibly a real one."""

    code = "secret_refused"
    status = 401


class BadWorldName(Refused):
    """The path or a header names a world by a malformed name."""

    code = "bad_world_name"


def is_name(name: str) -> bool:
    """Return whether `name` can name a world."""
    return _NAME.fullmatch(name) is not None


def explicit_name(name: str) -> str:
    """Return `name` if it can name a world.

    Raises:
        BadWorldName.
    """
    if is_name(name):
        return name
    raise BadWorldName(
        "The world's name must be 1 to 100 letters, digits or . _ ~ - and begin with a letter or"
        f" digit; got {len(name)} characters of another form."
    )


def name_from_secret(secret: str) -> str:
    """Return the name of the world that belongs to `secret`."""
    if secret.startswith("fake.") and is_name(secret):
        return secret
    raw = secret.encode(errors="surrogatepass")  # a header may hold bytes that are no UTF-8
    return "s-" + sha256(raw).hexdigest()[:12]


def scenario_in_name(name: str) -> str | None:
    """Return the scenario that a secret or a name `fake.<scenario>[.<label>]` selects."""
    match = _WITH_SCENARIO.fullmatch(name)
    return match[1] if match else None


def is_real(secret: str) -> bool:
    """Tell whether a secret has the form of a real one."""
    return secret[:4].lower() == "key_" and _REAL_SECRET.fullmatch(secret) is not None


def check_secret(secret: str) -> None:
    """Refuse a secret that is empty, a session key, possibly real, or meant to be refused.

    Raises:
        SecretRefused.
    """
    if not secret:
        raise SecretRefused("No API key was provided.")  # observed, its beginning
    if secret == "fake.unauthorized":
        raise SecretRefused("The API key is not valid.")
    if secret.startswith("stk_"):
        raise SecretRefused("This is a session key: it works on consume and nowhere else.")
    if is_real(secret):
        raise SecretRefused(
            "This looks like a real Runway API key. This server is a fake: use any other text as"
            " the key, and replace the real one if it was sent here by mistake."
        )


def key_tag(world: str) -> str:
    """Return the 12 hex digits by which the session keys of a world name it."""
    return blake2b(world.encode(), digest_size=6).hexdigest()


def tag_of_key(session_key: str) -> str | None:
    """Return the world tag inside a session key; None: the fake did not make this key."""
    match = _SESSION_KEY.fullmatch(session_key)
    return match[1] if match else None
