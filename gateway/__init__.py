"""The connect flow: an avatar id in, session credentials out. Ships alone.

`create_app` is the service as an aiohttp application, `Gateway` and `connect` are the flow for any
asyncio program.
"""

from gateway.config import Config, ConfigError
from gateway.errors import GatewayError
from gateway.flow.credentials import HandedOut, Shape
from gateway.library import Gateway, connect
from gateway.web.app import create_app

__all__ = [
    "Config",
    "ConfigError",
    "Gateway",
    "GatewayError",
    "HandedOut",
    "Shape",
    "connect",
    "create_app",
]
