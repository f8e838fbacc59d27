"""The tools over the Model Context Protocol, on standard input and output."""

import json
from collections.abc import Mapping
from typing import Any

import mcp_types as types
from mcp.server import Server
from mcp.server.context import ServerRequestContext
from mcp.server.stdio import stdio_server

from contracts.wire.documents import load
from fake_runway.client.answers import AdminError
from fake_runway.client.transport import AsyncTransport
from fake_runway.core.errors import Refused
from fake_runway.core.types import Json
from fake_runway.mcp import judging
from fake_runway.mcp.tools import AdminTool, BadArguments, admin_tools, told
from fake_runway.version import __version__
from fake_runway.worlds.naming import explicit_name

_ENVIRONMENT = "applicationEnvironment"
_ABOUT_ENVIRONMENT = (
    "The variables that point an application at a world of the fake. Set them for a run, never in"
    " production configuration."
)
_INSTRUCTIONS = (
    "A stateful fake of the Runway API. Point the application at it by applicationEnvironment, run"
    " it, then look: listSessions, getTimeline, getJournal, getFindings. putScenario and addFault"
    " make things go wrong; moveClock saves waiting. judgeEndpoint judges a connect endpoint."
)
_WAIT_S = 130.0  # the longest that an await may take


class Tools:
    """All tools, on one fake.

    Args:
        url: of the fake.
        secret: what applications get as their API secret.
        token: the admin token, if it requires one.
    """

    def __init__(self, url: str, secret: str, token: str | None) -> None:
        self._transport = AsyncTransport(url, None, token)
        self._secret = secret
        self._admin: Mapping[str, AdminTool] = {
            each.name: each for each in admin_tools(load("admin").raw)
        }

    def listed(self) -> list[types.Tool]:
        """Return what is told of each."""
        world = {"type": "string", "description": "A world of its own; made when it is used."}
        environment = types.Tool(
            name=_ENVIRONMENT,
            description=_ABOUT_ENVIRONMENT,
            input_schema={
                "type": "object",
                "properties": {"world": world},
                "additionalProperties": False,
            },
            annotations=types.ToolAnnotations(read_only_hint=True),
        )
        judge = types.Tool(
            name=judging.NAME,
            description=judging.ABOUT,
            input_schema=dict(judging.SCHEMA),
            annotations=types.ToolAnnotations(open_world_hint=True),
        )
        return [environment, judge, *map(_listed, self._admin.values())]

    async def call(self, name: str, arguments: Json) -> str:
        """Carry out a call, and return its answer as text.

        Raises:
            BadArguments: there is no such tool, or it takes other arguments.
            AdminError: the fake refuses.
        """
        if name == _ENVIRONMENT:
            return told(self._environment(arguments.get("world")))
        if name == judging.NAME:
            if missing := [each for each in judging.SCHEMA["required"] if each not in arguments]:
                raise BadArguments(f"expected the argument {missing[0]!r}, got none")
            return told(await judging.judged(arguments))
        if name not in self._admin:
            raise BadArguments(f"there is no tool {name!r}")
        tool = self._admin[name]
        names, query, body = tool.parts(arguments)
        transport = self._transport
        if (world := arguments.get("world")) is not None:
            transport = transport.of_world(_name(world))
        answer = await transport.send(
            name,
            tool.request,
            lambda data: data,
            body,
            query=query,
            wait_s=_WAIT_S,
            **names,
        )
        return told({"done": True} if answer is None else answer)

    def _environment(self, world: Any) -> Json:
        base = self._transport.base_url
        if world is not None:
            base = self._transport.of_world(_name(world)).app_url
        return {"RUNWAYML_BASE_URL": base, "RUNWAYML_API_SECRET": self._secret}


def _name(world: Any) -> str:
    try:
        return explicit_name(str(world))
    except Refused as refusal:
        raise BadArguments(refusal.message) from None


def _listed(tool: AdminTool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        description=tool.about,
        input_schema=dict(tool.schema),
        annotations=types.ToolAnnotations(
            read_only_hint=tool.only_reads, destructive_hint=tool.destroys, open_world_hint=False
        ),
    )


def server_of(tools: Tools) -> Server[Any]:
    """Return the protocol's server of some tools."""

    async def list_tools(
        _: ServerRequestContext[Any], __: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=tools.listed())

    async def call_tool(
        _: ServerRequestContext[Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        try:
            text, wrong = await tools.call(params.name, params.arguments or {}), False
        except BadArguments as error:
            text, wrong = str(error), True
        except AdminError as error:
            text = json.dumps({"error": error.message, "code": error.code, "where": error.where})
            wrong = True
        part = types.TextContent(type="text", text=text)
        return types.CallToolResult(content=[part], is_error=wrong)

    return Server(
        "fake-runway",
        version=__version__,
        instructions=_INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


async def speak(tools: Tools) -> None:
    """Serve the tools on standard input and output, until the input ends."""
    server = server_of(tools)
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())
