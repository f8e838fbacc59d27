"""Model routers as a kind of stored resource: there from their create on, until they are deleted.

Source: the Runway OpenAPI document of 2024-11-06 for the operations; it shows no status of them.
"""

from enum import Enum

from fake_runway.core.lifecycles.asset import ASSET_REASONS, BY_CALLS, plain_table
from fake_runway.core.lifecycles.vocabulary import ApiOperation, ResourceKind, quick_to_find


@quick_to_find
class RouterState(Enum):
    """The state of a router; the wire shows none."""

    READY = "ready"
    DELETED = "deleted"


ROUTER = ResourceKind(
    "router",
    plain_table(RouterState),
    automatic=BY_CALLS,
    reasons=ASSET_REASONS,
    added_later=True,
)

_PATH = "/v1/routers"
ROUTER_OPERATIONS = (
    ApiOperation("listRouters", "GET", _PATH),
    ApiOperation("createRouter", "POST", _PATH, ROUTER.name),
    ApiOperation("getRouter", "GET", f"{_PATH}/{{id}}", ROUTER.name),
    ApiOperation("updateRouter", "PATCH", f"{_PATH}/{{id}}", ROUTER.name),
    ApiOperation("deleteRouter", "DELETE", f"{_PATH}/{{id}}", ROUTER.name),
    ApiOperation("listRouterRequests", "GET", f"{_PATH}/{{id}}/requests", ROUTER.name),
)
