"""The yardstick: an aiohttp application with a router, orjson and uvloop, and nothing else.

Prints its URL when it listens. `python benchmarks/bare_handler.py '{"id": "..."}'` answers a GET of
any session with that object, made into JSON for each request.
"""

import asyncio
import sys
from typing import Any

import orjson
import uvloop
from aiohttp import web


async def serve(body: dict[str, Any]) -> None:
    """Serve until killed."""

    async def get_session(_request: web.Request) -> web.Response:
        return web.Response(body=orjson.dumps(body), content_type="application/json")

    app = web.Application()
    app.router.add_get("/v1/realtime_sessions/{id}", get_session)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(orjson.loads(sys.argv[1])))
