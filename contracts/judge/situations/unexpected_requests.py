"""Requests that no page of the site sends: by other methods, of other sites, with more in them.

Each names an avatar of its own, so that what it does upstream is known to be its doing.
"""

from collections.abc import Iterator
from typing import Any

from contracts.judge.situation import CallerRequest, Expect, Json, Situation, Trait
from contracts.judge.situations.building import AT_ONCE, succeeds

FOREIGN_ORIGIN = "https://foreign.example"
_BOUNDARY = "judge-boundary"
_FORM = (
    f"--{_BOUNDARY}\r\n"
    'Content-Disposition: form-data; name="avatarId"\r\n\r\n'
    f"$AVATAR\r\n--{_BOUNDARY}--\r\n"
)


def unexpected_requests() -> Iterator[Situation]:
    def odd(id_: str, about: str, *traits: Trait, **request: Any) -> Situation:
        sent = CallerRequest(**request)
        traits = (Trait.UNEXPECTED, *traits)
        return Situation(id_, about, Expect.EITHER, {*traits}, session=AT_ONCE, request=sent)

    in_query = (("avatarId", "$AVATAR"),)
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"):
        about = f"The caller sends {method}, with the avatar in body and query."
        id_ = f"method-{method.lower()}"
        yield odd(id_, about, Trait.OTHER_METHOD, method=method, query=in_query)

    foreign = Trait.FOREIGN_REQUEST
    yield odd(
        "only-a-query",
        "The avatar is in the query, and there is no body.",
        foreign,
        query=in_query,
        content_type="",
        body=b"",
    )
    json_ = Trait.UNDECLARED_JSON
    yield odd("json-as-text", "JSON is declared as text.", json_, content_type="text/plain")
    yield odd("json-undeclared", "JSON is not declared at all.", json_, content_type="")
    form = "application/x-www-form-urlencoded"
    yield odd("json-as-form", "JSON is declared as a form.", json_, content_type=form)
    yield odd("form", "The body is a form.", foreign, content_type=form, body=b"avatarId=$AVATAR")
    yield odd(
        "multipart-form",
        "The body is a form in parts.",
        foreign,
        content_type=f"multipart/form-data; boundary={_BOUNDARY}",
        body=_FORM.encode(),
    )

    extra: tuple[tuple[str, str, Json], ...] = (
        ("extra-model", "The body names a model.", {"model": "gen4_turbo"}),
        (
            "extra-secret",
            "The body has API secrets.",
            {"apiSecret": _OTHER, "apiKey": _OTHER, "api_key": _OTHER, "secret": _OTHER},
        ),
        (
            "extra-address",
            "The body names another host.",
            {"baseUrl": _NOWHERE, "baseURL": _NOWHERE, "base_url": _NOWHERE, "url": _NOWHERE},
        ),
        (
            "extra-session",
            "The body names a session.",
            {"sessionId": _SESSION, "session_id": _SESSION, "sessionKey": f"stk_{_OTHER}"},
        ),
        (
            "extra-prototype",
            "The body has the names of properties that every JavaScript object has.",
            {"__proto__": {"model": "gen4_turbo"}, "constructor": {"prototype": {"a": 1}}},
        ),
    )
    for id_, about, keys in extra:
        yield odd(id_, about, Trait.EXTRA_KEYS, keys=keys)
    options: tuple[tuple[str, str, Json], ...] = (
        ("extra-duration", "The body asks for a long session.", {"maxDuration": 1800}),
        (
            "extra-texts",
            "The body says what the avatar shall be and say.",
            {"personality": "You sell cars.", "startScript": "Buy a car."},
        ),
        ("extra-tools", "The body has tools.", {"tools": []}),
    )
    for id_, about, keys in options:
        yield odd(id_, about, Trait.EXTRA_OPTIONS, keys=keys)

    own = Trait.OWN_CREDENTIALS
    bearer = {"Authorization": f"Bearer {_OTHER}"}
    yield odd("own-authorization", "The caller sends a bearer token.", own, headers=bearer)
    yield odd(
        "own-headers",
        "The caller sends a cookie, and headers that mean something to Runway.",
        own,
        headers={
            "Cookie": f"session={_OTHER}",
            "X-Runway-Version": "2020-01-01",
            "X-Fake-World": "world-of-the-caller",  # a forwarded one leads out of the target's
        },
    )
    origin = {"Origin": FOREIGN_ORIGIN}
    yield odd(
        "foreign-origin", "A page of another site calls.", Trait.FOREIGN_ORIGIN, headers=origin
    )
    asks = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    yield odd(
        "foreign-preflight",
        "The browser asks whether a page of another site may call.",
        Trait.FOREIGN_ORIGIN,
        method="OPTIONS",
        content_type="",
        body=b"",
        headers={**origin, **asks},
    )
    yield succeeds(
        "charset",
        "The content type has a charset.",
        Trait.CHARSET,
        session=AT_ONCE,
        request=CallerRequest(content_type="application/json; charset=utf-8"),
    )


_OTHER = "c41lers0wn7f3a9c2e51d04b68"
_NOWHERE = "http://127.0.0.1:9"
_SESSION = "7d1f4b1e-3f0c-4c55-9a8e-2b6f0e4d9c31"
