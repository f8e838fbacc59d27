"""Strategies for parts of requests that must be refused. No avatar that exists is asked for."""

import json
from typing import Any

from hypothesis import strategies as st

from tests.support.gateway.hostile import MARK
from tests.support.gateway.hostile_requests import TARGETS, WRONG_BODIES

_LINES = st.sampled_from(
    (
        *(
            b"Content-Length: 3",
            b"Transfer-Encoding: chunked",
            b"Content-Encoding: gzip",
            b"Expect: 100-continue",
            b"Expect: " + MARK,
        ),
        *(b"Connection: close", b"Connection: keep-alive, Upgrade, \x80", b"Upgrade: " + MARK),
        *(
            b"Host: " + MARK,
            b"Content-Type: text/plain",
            b"Accept-Encoding: gzip",
            b"Range: bytes=0-",
        ),
        *(b"Origin: https://" + MARK, b"Cookie: a=" + MARK, b"Authorization: Bearer " + MARK),
        *(b"X-Forwarded-For: " + MARK * 9, b"Forwarded: for=" + MARK, b"X-Request-Id: ?" + MARK),
        *(b"traceparent: 00-" + MARK, b"If-None-Match: *", b"TE: trailers", b"Content-Encoding: x"),
    )
)
HEADERS = st.lists(
    st.one_of(
        _LINES,
        st.binary(max_size=30).map(lambda value: b"X-%s: %s" % (MARK, value)),
        st.binary(max_size=20),
    ),
    min_size=1,
    max_size=4,
)
SOME_TARGETS = st.one_of(
    st.sampled_from(TARGETS),
    st.lists(
        st.sampled_from(("api", "avatar", "connect", "..", ".", "", "%2e%2e", "%2f", "é", "%00")),
        max_size=6,
    ).map(lambda segments: ("/" + "/".join(segments)).encode() + b"/" + MARK),
    st.binary(max_size=30).map(lambda some: b"/%s?%s" % (MARK, some)),
)
METHODS = st.sampled_from((b"POST", b"GET", b"HEAD", b"PUT", b"OPTIONS", b"post", b"X" + MARK))

_NAMES = ("avatarId", "customAvatarId", "__proto__", "shape", "maxDuration", "personality", "tools")
_IDS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ("music-superstar\0", "\r\nX: y", "../", "{{7*7}}", "%s%n", "' OR 1=1--", "\ud800")
    ),
).map(lambda text: MARK.decode() + text)
_VALUES: Any = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), _IDS),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(_IDS, values, max_size=3),
    max_leaves=6,
)
_ENCODINGS = ("utf-8", "utf-8", "utf-16", "utf-16-le", "utf-32", "utf-8-sig", "utf-7")
_OBJECTS = st.builds(
    lambda value, encoding, ascii: json.dumps(value, ensure_ascii=ascii).encode(
        encoding, "replace"
    ),
    st.one_of(_VALUES, st.dictionaries(st.sampled_from(_NAMES), _VALUES, max_size=4)),
    st.sampled_from(_ENCODINGS),
    st.booleans(),
)
BODIES = st.one_of(
    _OBJECTS,
    st.builds(
        lambda body, at, more: body[:at] + more + body[at:],
        _OBJECTS,
        st.integers(0, 40),
        st.binary(max_size=3),
    ),
    st.binary(max_size=60),
    st.sampled_from([body for body in WRONG_BODIES.values() if len(body) < 20_000]),
)
