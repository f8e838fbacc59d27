"""The yardstick of the gateway: the connect flow in as little aiohttp as it takes.

No checks, no deadline, no retries, no cancellation, no allow-list: only the requests themselves.
It gets the same event loop and JSON library as ours. Prints its URL when it listens;
`python benchmarks/smallest_gateway.py URL-OF-THE-UPSTREAM`.
"""

import asyncio
import sys
from typing import Any

import aiohttp
import orjson
import uvloop
from aiohttp import web

HEADERS = {"Authorization": "Bearer benchmark", "X-Runway-Version": "2024-11-06"}
UPSTREAM = web.AppKey("upstream", aiohttp.ClientSession)


async def connect(request: web.Request) -> web.Response:
    """Create, poll until READY, consume, answer the credentials."""
    upstream = request.app[UPSTREAM]
    wanted = {"type": "runway-preset", "presetId": (await request.json())["avatarId"]}
    body = {"model": "gwm1_avatars", "avatar": wanted}
    async with upstream.post("/v1/realtime_sessions", headers=HEADERS, json=body) as response:
        path = f"/v1/realtime_sessions/{(await _json(response))['id']}"
    while True:
        async with upstream.get(path, headers=HEADERS) as response:
            session = await _json(response)
        if session["status"] == "READY":
            break
        await asyncio.sleep(0.25)
    bearer = {"Authorization": f"Bearer {session['sessionKey']}"}
    async with upstream.post(f"{path}/consume", headers=bearer, json={}) as response:
        room = await _json(response)
    answer = {"sessionId": session["id"], "serverUrl": room["url"]}
    answer |= {"token": room["token"], "roomName": room["roomName"]}
    return web.Response(body=orjson.dumps(answer), content_type="application/json")


async def _json(response: aiohttp.ClientResponse) -> Any:
    return orjson.loads(await response.read())


async def serve(upstream_url: str) -> None:
    """Serve until killed."""
    app = web.Application()
    app.router.add_post("/api/avatar/connect", connect)
    async with aiohttp.ClientSession(
        upstream_url,
        connector=aiohttp.TCPConnector(limit=0),
        json_serialize=lambda value: orjson.dumps(value).decode(),
    ) as app[UPSTREAM]:
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        print(f"http://127.0.0.1:{runner.addresses[0][1]}/api/avatar/connect", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(sys.argv[1]))
