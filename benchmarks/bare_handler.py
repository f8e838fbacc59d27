"""The yardstick: an aiohttp application with a router, orjson and uvloop, and nothing else.

A GET answers the session with that id, a POST reads the JSON of its body and answers an id, a
consume answers credentials; each answer is made into JSON for each request, and nothing is checked.
Prints its URL when it listens. The argument is JSON: `{"sessions": {id: session}, "created": {...},
"credentials": {...}}`; a session that is not among them is the first one.
"""

import asyncio
import sys
from typing import Any

import orjson
import uvloop
from aiohttp import web


async def serve(
    *, sessions: dict[str, Any], created: dict[str, Any], credentials: dict[str, Any]
) -> None:
    """Serve until killed."""
    any_session = next(iter(sessions.values()))

    async def get_session(request: web.Request) -> web.Response:
        session = sessions.get(request.match_info["id"], any_session)
        return web.Response(body=orjson.dumps(session), content_type="application/json")

    async def create_session(request: web.Request) -> web.Response:
        orjson.loads(await request.read())
        return web.Response(body=orjson.dumps(created), content_type="application/json")

    async def consume_session(request: web.Request) -> web.Response:
        orjson.loads(await request.read())
        return web.Response(body=orjson.dumps(credentials), content_type="application/json")

    app = web.Application()
    app.router.add_get("/v1/realtime_sessions/{id}", get_session)
    app.router.add_post("/v1/realtime_sessions", create_session)
    app.router.add_post("/v1/realtime_sessions/{id}/consume", consume_session)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(**orjson.loads(sys.argv[1])))
