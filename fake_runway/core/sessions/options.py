"""What a create asked for, as far as the session needs it later: its avatar, tools, first words."""

from typing import NamedTuple

from fake_runway.core.types import Json

DEFAULT_TOOL_TIMEOUT_S = 4.0  # source: the published OpenAPI document of 2024-11-06


class Tool(NamedTuple):
    """A tool that the avatar may use.

    Attributes:
        type: `client_event` or `backend_rpc`.
        timeout_s: how long the avatar waits for the answer of a `backend_rpc`, in seconds.
    """

    type: str
    name: str
    description: str
    timeout_s: float = DEFAULT_TOOL_TIMEOUT_S


class CreateOptions(NamedTuple):
    """Options of a create. Sessions with equal ones share one value.

    Attributes:
        avatar: the id of a preset or, if `custom`, a UUID in lower case; empty: an admin made the
            session, with none.
        start_script: what the avatar says first; None: what its own avatar says.
    """

    avatar: str = ""
    custom: bool = False
    tools: tuple[Tool, ...] = ()
    start_script: str | None = None

    def tool(self, name: str) -> Tool | None:
        """Return the tool of that name, None if the session has none."""
        return next((tool for tool in self.tools if tool.name == name), None)


NO_OPTIONS = CreateOptions()


def options_of(body: Json) -> CreateOptions:
    """Return the options in the valid body of a create."""
    avatar = body["avatar"]
    custom = avatar["type"] == "custom"
    tools = body.get("tools")
    return CreateOptions(
        avatar["avatarId"].lower() if custom else avatar["presetId"],
        custom,
        tuple(map(_tool, tools)) if tools else (),
        body.get("startScript"),
    )


def _tool(given: Json) -> Tool:
    timeout_s = float(given.get("timeoutSeconds", DEFAULT_TOOL_TIMEOUT_S))
    return Tool(given["type"], given["name"], given["description"], timeout_s)
