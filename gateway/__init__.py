"""The connect flow: an avatar id in, session credentials out. Ships alone.

`create_app` is the service as an aiohttp application, `Gateway` and `connect` are the flow for any
asyncio program.
"""

from gateway.app import create_app
from gateway.config import Config, ConfigError
from gateway.credentials import HandedOut, Shape
from gateway.errors import GatewayError
from gateway.library import Gateway, connect

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
__version__ = "0.1.0"
