"""The lifecycle of stored resources: one table for those that are processed, one for the others.

A stored resource (an avatar, a voice, a document, ...) is kept until a client deletes it. Each kind
has an enum of states of its own, made by the same names, so that a state determines its kind; all
share the events. A deleted one is in a terminal state and is no longer found; `assets/store.py`
keeps some, because other resources still name them.

Source: the Runway OpenAPI document of 2024-11-06 for the statuses; when which follows is assumed.
"""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any

from fake_runway.core.lifecycles.vocabulary import ResourceKind, quick_to_find


@quick_to_find
class AssetEvent(Enum):
    """What can happen to a stored resource."""

    PROCESSED = "processed"
    FAILED = "failed"
    UPDATED = "updated"  # PATCH of what needs no processing
    REPLACED = "replaced"  # PATCH of what has to be processed again
    DELETED = "deleted"  # DELETE


BY_CALLS = frozenset({AssetEvent.UPDATED, AssetEvent.REPLACED})
"""Events that a client's PATCH alone causes: they come with what it changes."""

AssetTable = Mapping[Any, Mapping[AssetEvent, Any]]


def processed_table(states: type[Enum]) -> AssetTable:
    """Return the transitions of what is processed after its create.

    Args:
        states: has PROCESSING, READY, FAILED and DELETED.
    """
    processing, ready, failed, deleted = (
        states[name] for name in ("PROCESSING", "READY", "FAILED", "DELETED")
    )
    return MappingProxyType(
        {
            processing: {
                AssetEvent.PROCESSED: ready,
                AssetEvent.FAILED: failed,
                AssetEvent.UPDATED: processing,
                AssetEvent.REPLACED: processing,
                AssetEvent.DELETED: deleted,
            },
            ready: {
                AssetEvent.UPDATED: ready,
                AssetEvent.REPLACED: processing,
                AssetEvent.DELETED: deleted,
            },
            failed: {
                AssetEvent.UPDATED: failed,
                AssetEvent.REPLACED: processing,
                AssetEvent.DELETED: deleted,
            },
            deleted: {},
        }
    )


def plain_table(states: type[Enum]) -> AssetTable:
    """Return the transitions of what is there from its create on, until it is deleted.

    Args:
        states: has READY and DELETED.
    """
    ready, deleted = states["READY"], states["DELETED"]
    return MappingProxyType(
        {
            ready: {AssetEvent.UPDATED: ready, AssetEvent.DELETED: deleted},
            deleted: {},
        }
    )


ASSET_REASONS: Mapping[AssetEvent, str] = MappingProxyType(
    {
        AssetEvent.PROCESSED: "its processing is over",
        AssetEvent.UPDATED: "a client changed it",
        AssetEvent.REPLACED: "a client changed what has to be processed",
        AssetEvent.DELETED: "it was deleted",
    }
)


def first_state(kind: ResourceKind) -> Any:
    """Return the state of a new resource of a kind that is made of one of the tables."""
    return next(iter(kind.transitions))
