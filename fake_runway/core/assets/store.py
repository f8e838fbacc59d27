"""The stored resources of one account: by kind and id, in the order of their creates, counted.

Only data and its upkeep. `Account.apply_asset` is the only way in which any of this changes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import field
from types import MappingProxyType

from fake_runway.core.assets.asset import Asset, AssetKind
from fake_runway.core.assets.rules import AssetChange
from fake_runway.core.billing import DAY_S
from fake_runway.core.values import dataclass

_NONE: Mapping[str, Asset] = MappingProxyType({})


@dataclass(slots=True)
class AssetStore:
    """All stored resources of an account.

    Attributes:
        created_count: how many were created so far, of all kinds.
        live: how many there are, of all kinds.
        spent: credits by UTC day and kind.
        evicted: how many deleted ones are no longer kept.
    """

    created_count: int = 0
    live: int = 0
    spent: dict[tuple[int, str], int] = field(default_factory=dict)
    evicted: int = 0
    _by_kind: dict[str, dict[str, Asset]] = field(default_factory=dict)
    _kinds: dict[str, AssetKind] = field(default_factory=dict)
    _ordinals: dict[str, int] = field(default_factory=dict)  # how many of a kind were created
    _deleted: dict[str, Asset] = field(default_factory=dict)  # by id, oldest deletion first

    def of_kind(self, name: str) -> Mapping[str, Asset]:
        """Return those of a kind that are not deleted, by id, oldest first; to be read."""
        return self._by_kind.get(name, _NONE)

    def every(self) -> Iterator[Asset]:
        """Yield all of all kinds, and those deleted that are still kept."""
        yield from self._deleted.values()
        for assets in self._by_kind.values():
            yield from assets.values()

    def get(self, name: str, asset_id: str) -> Asset | None:
        """Return one of a kind that is not deleted; None: there is none."""
        return self.of_kind(name).get(asset_id)

    def deleted(self, name: str, asset_id: str) -> Asset | None:
        """Return one of a kind that was deleted and is still kept."""
        asset = self._deleted.get(asset_id)
        return asset if asset is not None and asset.kind == name else None

    def find(self, name: str, asset_id: str) -> Asset | None:
        """Return one of a kind, deleted or not."""
        return self.get(name, asset_id) or self.deleted(name, asset_id)

    def has(self, asset_id: str) -> bool:
        """Return whether one of any kind has this id."""
        return any(asset_id in assets for assets in self._by_kind.values())

    def next_ordinal(self, name: str) -> int:
        """Return how many of a kind were created so far: the ordinal of the next."""
        return self._ordinals.get(name, 0)

    def skip_ordinal(self, name: str) -> None:
        """Leave out an ordinal whose id exists already."""
        self._ordinals[name] = self.next_ordinal(name) + 1

    def kind(self, asset: Asset) -> AssetKind:
        """Return the kind of a resource that was put in."""
        return self._kinds[asset.kind]

    def is_current(self, asset: Asset) -> bool:
        """Return whether this is the latest version of a resource."""
        return self.get(asset.kind, asset.id) is asset

    def put(self, change: AssetChange, *, retained: int) -> None:
        """Apply a change.

        Args:
            retained: how many deleted ones are kept.
        """
        before, after, name = change.before, change.after, change.kind.name
        assets = self._by_kind.setdefault(name, {})
        if before is None:
            self._kinds[name] = change.kind
            self.created_count += 1
            self._ordinals[name] = self.next_ordinal(name) + 1
            self.live += 1
            self._deleted.pop(after.id, None)
        if change.charge:
            day = int(change.at // DAY_S), name
            self.spent[day] = self.spent.get(day, 0) + change.charge
        if not after.is_deleted:
            assets[after.id] = after
            return
        del assets[after.id]
        self.live -= 1
        if not after.made:  # one that was made by asking for it is made again by the next call
            self._deleted[after.id] = after
            self.evict(retained)

    def evict(self, retained: int) -> None:
        """Forget the oldest deletions until so many are left."""
        while len(self._deleted) > retained:
            del self._deleted[next(iter(self._deleted))]
            self.evicted += 1

    def copy(self) -> "AssetStore":
        """Return an independent copy. O(resources)."""
        return AssetStore(
            self.created_count,
            self.live,
            self.spent.copy(),
            self.evicted,
            {name: assets.copy() for name, assets in self._by_kind.items()},
            self._kinds.copy(),
            self._ordinals.copy(),
            self._deleted.copy(),
        )
