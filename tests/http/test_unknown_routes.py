"""A request that leads nowhere is named: in the fake's log, and by a gateway that is not ready."""

import aiohttp
import pytest
from aiohttp import web

from tests.support.servers import HEADERS, SECRET, StartApp, StartFake, StartGateway

POLL = "/v1/realtime_sessions/00000000-0000-4000-8000-00000000000{}"


async def test_an_unknown_route_is_one_line(
    start_fake: StartFake, caplog: pytest.LogCaptureFixture
) -> None:
    """With the nearest route; the same one again, with another id, is no second line."""
    fake = await start_fake()
    for number in range(3):
        await fake.call("GET", POLL.format(number).replace("sessions", "session"))
    await fake.call("GET", "/nothing/like/it")
    await fake.client.get("/favicon.ico")
    await fake.client.get("/")
    first, second = caplog.messages
    assert first == (
        f"unknown route: GET {POLL.format(0).replace('sessions', 'session')};"
        " the nearest is /v1/realtime_sessions/{id}"
    )
    assert second == "unknown route: GET /nothing/like/it"


async def test_a_v1_at_the_end_of_a_base_url_is_named(
    start_fake: StartFake, caplog: pytest.LogCaptureFixture
) -> None:
    """In the line about the unknown route, whose nearest one is the one that was meant."""
    fake = await start_fake()
    async with aiohttp.ClientSession(headers=HEADERS) as http:
        answer = await http.post(f"{fake.url}/w/mine/v1/v1/realtime_sessions")
    assert answer.headers["X-Fake-Nearest-Route"] == "/v1/realtime_sessions"
    (line,) = caplog.messages
    assert line == (
        "unknown route: POST /v1/v1/realtime_sessions; the nearest is /v1/realtime_sessions;"
        " the base URL ends with /v1, which clients add themselves: leave it out"
    )


async def test_the_line_holds_no_secret_and_is_bounded(
    start_fake: StartFake, caplog: pytest.LogCaptureFixture
) -> None:
    """Also where the secret stands in the path; of many routes a hundred are named."""
    fake = await start_fake()
    await fake.call("GET", f"/v2/{SECRET}/%0a{'x' * 300}")
    for number in range(120):
        await fake.call("GET", f"/v2/{number}")
    assert SECRET not in caplog.text
    assert len(caplog.messages) == 100
    assert max(map(len, caplog.messages)) < 200
    assert not any("\n" in each for each in caplog.messages)


@pytest.mark.parametrize(
    ("path", "body", "problem"),
    [
        ("", {"error": "No such session.", "docUrl": "https://docs.example"}, ""),
        ("", "<h1>404 Not Found</h1>", "answers HTTP 404 in another form than Runway"),
        ("", {"message": "no route"}, "answers HTTP 404 in another form than Runway"),
        ("/v1", {"error": "Not found."}, "RUNWAYML_BASE_URL ends with /v1"),
    ],
    ids=["Runway's own", "a web server's", "a proxy's", "a path twice"],
)
async def test_a_gateway_knows_runways_own_404(
    path: str, body: object, problem: str, start_app: StartApp, start_gateway: StartGateway
) -> None:
    """Of a session that does not exist; any other 404 is an upstream that is none."""

    async def answer(_: web.Request) -> web.Response:
        if isinstance(body, str):
            return web.Response(status=404, text=body, content_type="text/html")
        return web.json_response(body, status=404)

    runner = web.ServerRunner(web.Server(answer))  # type: ignore[arg-type]  # a plain handler
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        gateway = await start_gateway(f"http://127.0.0.1:{runner.addresses[0][1]}{path}")
        ready = await gateway.get("/ready")
    finally:
        await runner.cleanup()
    assert ready.status == (503 if problem else 200)
    assert problem in ready.json["checks"]["upstream"]


async def test_a_gateway_in_front_of_a_fake_with_v1(
    start_fake: StartFake, start_gateway: StartGateway, caplog: pytest.LogCaptureFixture
) -> None:
    """Both name it: the gateway is not ready, and the fake's log has the line."""
    fake = await start_fake()
    gateway = await start_gateway(f"{fake.url}/v1")
    ready = await gateway.get("/ready")
    assert "ends with /v1" in ready.json["checks"]["upstream"]
    assert any("the base URL ends with /v1" in each for each in caplog.messages)
