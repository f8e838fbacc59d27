"""How the pages are sent, and to whom."""

import re
import subprocess
import sys
from collections.abc import Mapping

import aiohttp
import pytest

from tests.support.checked import Answer
from tests.support.servers import Fake, StartFake

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
STYLE = "/__pages/tokens.css"


async def fetch(
    fake: Fake, path: str, headers: Mapping[str, str] = BROWSER, *, method: str = "GET"
) -> Answer:
    """Ask for a page or a part of one; no contract describes those."""
    async with (
        aiohttp.ClientSession() as http,
        http.request(method, fake.url + path, headers=headers, allow_redirects=False) as answer,
    ):
        return Answer(answer.status, answer.headers, await answer.read())


async def test_a_browser_gets_a_page_where_programs_get_the_answer_of_an_api(
    start_fake: StartFake,
) -> None:
    """`/` is an unknown route for programs, by both ways of answering; `/__admin/` is a page."""
    fake = await start_fake()

    page = await fetch(fake, "/")
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    no_pages: tuple[dict[str, str], ...] = ({}, {"Accept": "*/*"}, {"Accept": "application/json"})
    for accept in no_pages:
        for _ in range(2):  # the first request of a connection goes another way
            answer = await fake.client.get("/", headers=accept)
            assert (answer.status, answer.json["error"]) == (404, "Not found.")
    dashboard = await fetch(fake, "/__admin/")
    assert b"Dashboard" in dashboard.body
    assert dashboard.body != page.body
    assert (await fake.client.get("/__admin")).status == 404


@pytest.mark.parametrize(
    ("path", "location"), [("/__admin", "/__admin/"), ("/w/a%20b/__admin/", "/__admin/#/a%20b")]
)
async def test_other_addresses_of_the_dashboard_lead_to_it(
    start_fake: StartFake, path: str, location: str
) -> None:
    """Without the slash, and of a world."""
    fake = await start_fake()
    answer = await fetch(fake, path)

    assert (answer.status, answer.headers["Location"]) == (308, location)


@pytest.mark.parametrize("path", ["/", "/__admin/", STYLE])
async def test_what_is_sent_is_locked_up(start_fake: StartFake, path: str) -> None:
    """A strict policy, no sniffing, no referrer, no frames; and the same file is sent once."""
    fake = await start_fake()
    answer = await fetch(fake, path)
    policy = answer.headers["Content-Security-Policy"]

    for rule in ("default-src 'none'", "script-src 'self'", "style-src 'self'"):
        assert rule in policy.split("; ")
    for rule in ("base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"):
        assert rule in policy.split("; ")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    again = {**BROWSER, "If-None-Match": answer.headers["ETag"]}
    unchanged = await fetch(fake, path, again)
    assert (unchanged.status, unchanged.body) == (304, b"")
    plain = await fetch(fake, path, {**BROWSER, "Accept-Encoding": "identity"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert plain.body == answer.body
    assert "Content-Encoding" not in plain.headers


@pytest.mark.parametrize("path", ["/", "/__admin/", STYLE])
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Origin": "http://evil.example"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "script"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "iframe"},
    ],
    ids=lambda headers: " ".join(headers.values()),
)
async def test_another_page_gets_nothing(
    start_fake: StartFake, path: str, headers: dict[str, str]
) -> None:
    """Neither by a domain that resolves to this machine, nor as a part or frame of its own."""
    fake = await start_fake()
    answer = await fetch(fake, path, BROWSER | headers)

    assert (answer.status, answer.json["code"]) == (403, "not_allowed")


async def test_a_link_of_another_page_leads_to_a_page(start_fake: StartFake) -> None:
    """A chat or a wiki may link to the dashboard."""
    fake = await start_fake()
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"}

    assert (await fetch(fake, "/__admin/", BROWSER | followed)).status == 200


async def test_a_server_with_a_token_sends_the_page_that_asks_for_it(start_fake: StartFake) -> None:
    """The page holds no data, and the server has names that it does not know itself."""
    fake = await start_fake(admin_token="an-admin-token-0123456789")
    headers = BROWSER | {"Host": "fake.internal:4010"}

    assert (await fetch(fake, "/__admin/", headers)).status == 200
    assert (await fake.client.get("/__admin/worlds", headers=headers)).status == 401


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/__pages/missing.css", 404),
        ("GET", "/__pages/handler.py", 404),
        ("GET", "/__pages/dashboard/index.html", 404),
        ("GET", "/__pages/..%2fclock.py", 404),
        ("GET", "/__pages", 404),
        ("POST", STYLE, 405),
        ("HEAD", STYLE, 200),
    ],
)
async def test_only_files_for_pages_are_sent(
    start_fake: StartFake, method: str, path: str, status: int
) -> None:
    """Nothing else of the package, and no page at a second address."""
    fake = await start_fake()

    assert (await fetch(fake, path, method=method)).status == status


def test_a_server_starts_without_the_pages() -> None:
    """Their handler is imported with the first request for one."""
    code = (
        "import sys, fake_runway.server.serving\n"
        "print([name for name in sys.modules if name.startswith('fake_runway.pages.')])"
    )
    found = subprocess.run((sys.executable, "-c", code), check=True, capture_output=True, text=True)

    assert found.stdout.strip() == "['fake_runway.pages.paths']"


async def test_the_dashboard_makes_no_world(start_fake: StartFake) -> None:
    """Opening it leaves no trace."""
    fake: Fake = await start_fake()
    await fetch(fake, "/__admin/")

    assert len(fake.worlds) == 0


@pytest.mark.parametrize(
    ("endpoint", "allowed"),
    [
        ("http://localhost:3000/api/connect", "http://localhost:3000"),
        ("https://shop.example.com", "https://shop.example.com"),
        ("http://[::1]:3000", None),  # a policy has no form for it
        ("*", None),
        ("javascript:alert(1)", None),
        ("http://a.example;script-src%20*", None),
        ("http://user:word@a.example", None),
        ("http://a%20b", None),
        ("https:", None),
        ("http://[", None),
    ],
)
async def test_the_demo_may_call_its_endpoint_and_rooms_alone(
    start_fake: StartFake, endpoint: str, allowed: str | None
) -> None:
    """Nothing else, and no more of an address than its origin; another policy is another page."""
    fake = await start_fake()
    plain = await fetch(fake, "/")
    typed = await fetch(fake, f"/?endpoint={endpoint}")
    port = fake.url.rpartition(":")[2]
    rooms = [
        f"http://{host}" for host in ("127.0.0.1:7880", f"127.0.0.1:{port}", f"localhost:{port}")
    ]

    assert connects(plain) == ["'self'", *rooms]
    assert connects(typed) == ["'self'", *([allowed] if allowed else []), *rooms]
    assert (plain.headers["ETag"] == typed.headers["ETag"]) is (allowed is None)
    assert len(typed.headers["Content-Security-Policy"].split("; ")) == len(
        plain.headers["Content-Security-Policy"].split("; ")
    )


def connects(answer: Answer) -> list[str]:
    """Return whom a page may call."""
    (rule,) = re.findall(r"connect-src ([^;]+)", answer.headers["Content-Security-Policy"])
    return str(rule).split(" ")
