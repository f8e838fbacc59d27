"""The connect flow for programs that have a web framework of their own, or none."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Self

import aiohttp

from gateway.config import Config
from gateway.flow.credentials import HandedOut, Shape
from gateway.flow.options import SessionOptions
from gateway.service import Service, running


class Gateway:
    """A gateway without HTTP: `async with Gateway(config) as gateway`, once for a program's life.

    Leaving the block lets connects in flight finish for `config.grace_s`, ends the rest, and
    returns when nothing is left to cancel. The program authenticates its callers; every other guard
    of HTTP callers holds: allow-list, options, shape, rates, in flight, fair queue.

    Args:
        connector: how to reach the upstream; None: TCP.
    """

    def __init__(self, config: Config, *, connector: aiohttp.BaseConnector | None = None) -> None:
        self._config = config
        self._connector = connector
        self._stack = AsyncExitStack()
        self._service: Service | None = None

    async def __aenter__(self) -> Self:
        """Open the HTTP session to the upstream."""
        service = await self._stack.enter_async_context(
            running(self._config, connector=self._connector)
        )
        self._stack.callback(service.connects.shut_down)
        self._stack.push_async_callback(service.connects.finish, within_s=self._config.grace_s)
        self._service = service
        return self

    async def __aexit__(self, *_error: object) -> None:
        """Finish, and close it."""
        self._service = None
        await self._stack.aclose()

    async def connect(
        self,
        avatar_id: str,
        *,
        shape: Shape | None = None,
        caller: str = "",
        personality: str | None = None,
        start_script: str | None = None,
        tools: Sequence[Mapping[str, Any]] | None = None,
        max_duration: int | None = None,
    ) -> HandedOut:
        """Return a session that is READY; consumed, if the shape is `credentials`.

        A session that is not returned is cancelled, also when the task of this call is.

        Args:
            avatar_id: a preset's name, or the UUID of a custom avatar, on the allow-list.
            shape: None: that of the configuration; another one only where callers may choose.
            caller: whose connect it is, for rates and fair waiting; one name for each of the
                program's callers, or all of them share one rate.
            personality, start_script, tools, max_duration: only where `config.options` has them;
                the last in whole seconds.

        Raises:
            GatewayError: no session; `status`, `code` and `text` say why.
            RuntimeError: outside of the block.
        """
        service, config = self._service, self._config
        if service is None:
            raise RuntimeError("use it inside of `async with Gateway(config) as gateway`")
        await service.limiter.hit(caller)
        shape = config.shape_for(shape)
        avatar = config.avatars.avatar(avatar_id)
        options = SessionOptions(
            personality=personality,
            start_script=start_script,
            tools=None if tools is None else [dict(tool) for tool in tools],
            max_duration=max_duration,
        )
        options.check(config.options)
        return await service.connects.connect(avatar, shape, options=options, caller=caller)


async def connect(avatar_id: str, *, config: Config, **asked: Any) -> HandedOut:
    """Connect once; a program that connects often keeps a `Gateway`.

    Args:
        asked: as for `Gateway.connect`.

    Raises:
        GatewayError: no session, and nothing is left to cancel.
    """
    async with Gateway(config) as gateway:
        return await gateway.connect(avatar_id, **asked)
