"""Requests that must be refused, written down one by one; each has a name.

A request that is odd but valid asks for an avatar that does not exist.
"""

import base64
import gzip
import zlib
from collections.abc import Iterator
from itertools import product

from tests.support.gateway.hostile import (
    JSON,
    MARK,
    PATH,
    REFUSED,
    VALID,
    chunked,
    chunks,
    framed,
    request,
)

_GZIP = b"Content-Encoding: gzip"
_CHUNKED = b"Transfer-Encoding: chunked"
_BOMB = gzip.compress(b" " * (100 << 20))  # 100 KB
_SMALL_BOMB = gzip.compress(b" " * (15 << 20))  # within the limit of a body until it is unpacked
_WHOLE = b"%x\r\n%s\r\n0\r\n\r\n" % (len(VALID), VALID)
_DIGITS = b"9" * 15_000

WRONG_BODIES: dict[str, bytes] = {
    "empty": b"",
    "brackets": b"[" * 16_000,
    "100,000 brackets": b"[" * 100_000,
    "balanced brackets": b"[" * 8_000 + b"]" * 8_000,
    "nested objects": b'{"avatarId":' * 1_300 + b"1" + b"}" * 1_300,
    "infinite": b'{"avatarId":1e999999}',
    "many digits": b'{"avatarId":%s}' % _DIGITS,
    "100,000 digits": b'{"avatarId":%s}' % (b"9" * 100_000),
    "many decimals": b'{"avatarId":0.%se-%s}' % (_DIGITS[:7_000], _DIGITS[:7_000]),
    "NaN": b'{"avatarId":NaN}',
    "-Infinity": b'{"avatarId":-Infinity}',
    "byte order mark": b"\xef\xbb\xbf" + VALID,
    "UTF-16": VALID.decode().encode("utf-16"),
    "UTF-16 without mark": VALID.decode().encode("utf-16-be"),
    "UTF-32": VALID.decode().encode("utf-32"),
    "UTF-7": VALID.decode().encode("utf-7").replace(b"{", b"+AHs-"),
    "overlong slash": b'{"avatarId":"..\xc0\xaf"}',
    "overlong NUL": b'{"avatarId":"music-superstar\xc0\x80"}',
    "half a character": b'{"avatarId":"music-superstar\xe2\x82"}',
    "lone surrogate": b'{"avatarId":"\\ud800"}',
    "surrogate in UTF-8": b'{"avatarId":"\xed\xa0\x80"}',
    "escaped NUL": b'{"avatarId":"music-superstar\\u0000"}',
    "NUL": b'{"avatarId":"music-superstar\0"}',
    "line feed": b'{"avatarId":"music-superstar\\n"}',
    "header in id": b'{"avatarId":"x\\r\\nX-%s: y"}' % MARK,
    "path in id": b'{"avatarId":"../../%s"}' % MARK,
    "path in custom id": b'{"customAvatarId":"../%s","avatarId":"music-superstar"}' % MARK,
    "custom id of other version": b'{"customAvatarId":"00000000-0000-1000-8000-000000000000"}',
    "custom id and line feed": b'{"avatarId":"00000000-0000-4000-8000-000000000000\\n"}',
    "wide digits": '{"avatarId":"\uff100000000-0000-4000-8000-000000000000"}'.encode(),
    "template": b'{"avatarId":"{{7*7}}${jndi:ldap://%s}<%%= 7 %%>"}' % MARK,
    "duplicate key": b'{"avatarId":"music-superstar","avatarId":"%s"}' % MARK,
    "prototype": b'{"__proto__":{"avatarId":"music-superstar"},"constructor":{}}',
    "nested": b'{"avatarId":{"avatarId":"music-superstar"}}',
    "list": b'[{"avatarId":"music-superstar"}]',
    "in an array": b'{"avatarId":["music-superstar"]}',
    "text": b'"music-superstar"',
    "two documents": VALID + VALID,
    "comment": b"/* */" + VALID,
    "single quotes": b"{'avatarId':'music-superstar'}",
    "comma": b'{"avatarId":"music-superstar",}',
    "form": b"avatarId=music-superstar",
    "long id": b'{"avatarId":"%s"}' % (MARK * 2_000),
    "129 characters": b'{"avatarId":"%s"}' % (b"a" * 129),
    "case": b'{"AVATARID":"music-superstar"}',
    "space": b'{"avatarId":" music-superstar"}',
    "too long": VALID + b" " * 17_000,
    "1 MB": b" " * (1 << 20),
}

REQUESTS: dict[str, bytes] = {
    **{f"body: {name}": request(body) for name, body in WRONG_BODIES.items()},
    **{f"chunks: {name}": chunks(body, size=999) for name, body in WRONG_BODIES.items()},
    # packed
    "gzip": request(gzip.compress(VALID), _GZIP),
    "gzip, cut off": request(gzip.compress(VALID)[:-9], _GZIP),
    "gzip, garbage": request(MARK, _GZIP),
    "gzip, more behind": request(gzip.compress(VALID) + MARK, _GZIP),
    "gzip, 2,000 members": request(gzip.compress(b"") * 2_000 + gzip.compress(VALID), _GZIP),
    "gzip of 100 MB": request(_BOMB, _GZIP),
    "gzip of 100 MB in chunks": chunks(_BOMB, _GZIP),
    "gzip of 100 MB elsewhere": request(_BOMB, _GZIP, target=b"/%s" % MARK),
    "gzip of 100 MB as text": request(_BOMB, _GZIP, kind=[b"Content-Type: text/plain"]),
    "gzip of 15 MB": request(_SMALL_BOMB, _GZIP),
    "deflate": request(zlib.compress(VALID), b"Content-Encoding: deflate"),
    "deflate, cut off": request(zlib.compress(VALID)[:-5], b"Content-Encoding: deflate"),
    "br": request(VALID, b"Content-Encoding: br"),
    "zstd": request(VALID, b"Content-Encoding: zstd"),
    "no such packing": request(VALID, b"Content-Encoding: " + MARK),
    "packed twice": request(VALID, b"Content-Encoding: identity, gzip"),
    "packed, by the second": request(VALID, b"Content-Encoding: identity", _GZIP),
    # lengths and chunks
    "two lengths": request(VALID, b"Content-Length: 3"),
    "one length twice": request(VALID, b"Content-Length: %d" % len(VALID)),
    **{
        f"length {text.decode()!r}": framed(VALID, b"Host: x", JSON, b"Content-Length: " + text)
        for text in (b"30, 30", b"+30", b"-1", b"0x1e", b"9" * 30, b"3 0", b"30;", b"")
    },
    "length and chunks": request(VALID, _CHUNKED),
    "chunks and length": chunked(_WHOLE, b"Content-Length: 30"),
    "chunks twice": chunked(_WHOLE, _CHUNKED),
    "chunks of gzip": framed(_WHOLE, b"Host: x", JSON, b"Transfer-Encoding: gzip, chunked"),
    "chunks, then identity": framed(
        _WHOLE, b"Host: x", JSON, b"Transfer-Encoding: chunked, identity"
    ),
    "chunks, nearly": framed(_WHOLE, b"Host: x", JSON, b"Transfer-Encoding: xchunked"),
    "chunks, vertical tab": framed(_WHOLE, b"Host: x", JSON, b"Transfer-Encoding: \x0bchunked"),
    "chunks in HTTP/1.0": chunked(_WHOLE, version=b"HTTP/1.0"),
    "chunk size zz": chunked(b"zz\r\n" + VALID),
    "chunk size negative": chunked(_WHOLE.replace(b"1e", b"-1e", 1)),
    "chunk size 0x": chunked(_WHOLE.replace(b"1e", b"0x1e", 1)),
    "chunk size too small": chunked(_WHOLE.replace(b"1e", b"1d", 1)),
    "chunk size too large": chunked(_WHOLE.replace(b"1e", b"1f", 1)),
    "chunk size of 65 bits": chunked(_WHOLE.replace(b"1e", b"1000000000000001e", 1)),
    "chunk with line feeds": chunked(_WHOLE.replace(b"\r\n", b"\n")),
    "chunk with odd quotes": chunked(_WHOLE.replace(b"1e", b'1e;%s="' % MARK, 1)),
    "chunk with long extension": chunks(REFUSED, extension=b";" + MARK * 3_000),
    "trailer that is a header": chunked(_WHOLE[:-2] + b"Host: %s\r\n\r\n" % MARK),
    "trailer that is none": chunked(_WHOLE[:-2] + MARK + b"\r\n\r\n"),
    "trailers": chunked(_WHOLE[:-2] + b"X: y\r\n" * 10_000 + b"\r\n"),
    # header lines
    "folded": request(VALID, b"X-A: b\r\n " + MARK),
    "NUL": request(VALID, b"X-A: %s\0" % MARK),
    "control character": request(VALID, b"X-A: \x01" + MARK),
    "carriage return": request(VALID, b"X-A: a\r" + MARK),
    "space before the colon": request(VALID, b"X-A : " + MARK),
    "no colon": request(VALID, MARK),
    "no name": request(VALID, b": " + MARK),
    "name that is no ASCII": request(VALID, b"X-\xff%s: a" % MARK),
    "100 KB": request(VALID, b"X-A: " + MARK * 15_000),
    "100 KB name": request(VALID, MARK * 15_000 + b": a"),
    "10,000 lines": request(VALID, *[b"X-A: " + MARK] * 10_000),
    "line feeds only": request(VALID).replace(b"\r\n", b"\n"),
    "no host": request(VALID, host=[]),
    "two hosts": request(VALID, host=[b"Host: x", b"Host: " + MARK]),
    "no kind": request(VALID, kind=[]),
    "two kinds": request(VALID, kind=[JSON, b"Content-Type: text/plain"]),
    **{
        f"kind {text!r}": request(VALID, kind=[b"Content-Type: " + text.encode()])
        for text in ("text/plain", "application/json, text/plain", "application/jsonx", "é", "")
    },
    **{
        f"expectation {text!r}": request(VALID, b"Expect: " + text, version=version)
        for text in (b"\xff", b"\xc3\xa9" + MARK, b"100-continue, " + MARK, b"100", b"\x7f", b"")
        for version in (b"HTTP/1.0", b"HTTP/1.1")
    },
    "two expectations": request(VALID, b"Expect: 100-continue", b"Expect: \xff"),
    "expectation": request(VALID, b"Expect: " + MARK),
    "expectation elsewhere": request(VALID, b"Expect: " + MARK, target=b"/x"),
    "continue": request(REFUSED, b"Expect: 100-continue"),
    "override": request(b"", b"X-HTTP-Method-Override: POST", method=b"GET"),
    "other method than its override": request(VALID, b"X-Method-Override: POST", method=b"PUT"),
    "original URL": request(VALID, b"X-Original-URL: " + PATH, target=b"/" + MARK),
    "websocket": request(REFUSED, b"Upgrade: websocket", b"Connection: Upgrade"),
    "HTTP/2 upgrade": request(REFUSED, b"Upgrade: h2c", b"Connection: Upgrade, close"),
    # request lines
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/0.9": b"GET /%s\r\n\r\n" % MARK,
    **{
        f"version {text.decode()}": request(VALID, version=text)
        for text in (b"HTTP/0.9", b"HTTP/2.0", b"HTTP/1.9", b"HTTP/11", b"http/1.1", b"HTTPS/1.1")
    },
    **{
        f"method {text.decode()[:9]}": request(VALID, method=text)
        for text in (
            *(b"post", b"FOO" + MARK, b"P(ST", b"GET", b"HEAD", b"TRACE", b"CONNECT", b"PRI"),
            *(b"OPTIONS", b"DELETE", b"PROPFIND", MARK * 2_000),
        )
    },
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + MARK * 30,
    "spaces": b" " * 20_000,
    "garbage behind": request(REFUSED) + MARK * 99,
    "40 at once": request(REFUSED) * 40,
    "a second one inside": request(b"", method=b"GET") + request(REFUSED),
}

TARGETS = (
    PATH,
    *(PATH + more for more in (b"/", b"%00", b";x=1", b"%20", b".", b"?shape=" + MARK)),
    *(PATH + b"?shape=" + more for more in (b"", b"%00", b"%0d%0aX:y", b"%ff", b"a&shape=b")),
    PATH + b"?shape=credentials&shape=session-key",
    PATH + b"?" + b"a&" * 3_000 + b"shape=x",
    PATH + b"?" + b"a" * 9_000,
    *(b"//api//avatar/connect", b"/api/avatar%2Fconnect", b"/API/avatar/connect", b"/", b"*"),
    *(b"/x/%2e%2e/api/avatar/connect", b"/../../" + MARK, b"/api/./avatar/connect", b"//" + MARK),
    *(
        b"/%zz",
        b"/\xff\xfe",
        b"/a\0b",
        b"/%ff%fe",
        b"\\api\\avatar\\connect",
        b"api/avatar/connect",
    ),
    *(b"http://%s/x" % MARK, b"http://[::1/x", b"http://a:b/x", b"http://a:99999999/x"),
    *(b"http://xn--/x", b"http://xn--a/x", b"http://%00/x", b"https://u:p@a/x", b"file:///x"),
    *(b"evil:80", b"javascript:1", b"/" + b"a/" * 4_000, b"/" + MARK * 2_000),
)
REQUESTS |= {
    f"target {target[:40].decode('latin1')} {number}": request(REFUSED, target=target)
    for number, target in enumerate(TARGETS)
}


def _token(head: bytes, claims: bytes = b"{}") -> bytes:
    parts = (head, claims, MARK)
    return b"Bearer " + b".".join(base64.urlsafe_b64encode(each).rstrip(b"=") for each in parts)


HEADERS_THAT_ARE_READ = (
    *(b"Accept-Encoding", b"Access-Control-Request-Method", b"Authorization", b"Connection"),
    *(b"Content-Encoding", b"Content-Length", b"Content-Type", b"Cookie", b"Expect", b"Host"),
    *(b"If-Modified-Since", b"Origin", b"Range", b"Transfer-Encoding", b"Upgrade"),
    *(b"X-Forwarded-For", b"X-Request-Id", b"traceparent"),
)
ODD_VALUES = (
    *(b"", b"\xff", b"\xc3\xa9", b"\xed\xa0\x80", b"\x80" * 3_000, b"a" * 7_000, b"a\tb", b",,;="),
    *(b"-1", b"9" * 5_000, b"%ff", b"[::1", b"Bearer", b"Bearer \xff", b"Bearer .."),
    *(_token(b"{}"), _token(b"[]"), _token(b"\xff"), _token(b"[" * 3_000)),
    *(_token(b'{"alg":"HS256"}', b"[1]"), _token(b'{"alg":["HS256"],"kid":5}')),
    *(_token(b'{"alg":"HS256","crit":["x"]}'), _token(b'{"alg":null}', b"\xff")),
)


def with_odd_headers() -> Iterator[bytes]:
    """Yield a request for each header that is read and each value that no client should send."""
    for name, value in product(HEADERS_THAT_ARE_READ, ODD_VALUES):
        line = b"%s: %s" % (name, value)
        host = [] if name == b"Host" else [b"Host: x"]
        kind = [] if name == b"Content-Type" else [JSON]
        length = [] if name == b"Content-Length" else [b"Content-Length: %d" % len(REFUSED)]
        yield framed(REFUSED, *host, *kind, *length, line)
