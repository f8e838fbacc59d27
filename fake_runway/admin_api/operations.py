"""The admin API: everything about a world that a test wants to see or choose.

Each operation is declared where its function stands; `replay/routes.py` adds those on replays.
Shapes: `contracts/wire/schemas/admin.json`. Ours alone; nothing of it exists at Runway.
"""

from fake_runway.admin_api import (
    assets,
    events,
    journal,
    outputs,
    scenarios,
    seeds,
    sessions,
    tasks,
    waits,
    worlds,
)
from fake_runway.admin_api.declaration import AdminOperation

_GROUPS = (worlds, scenarios, sessions, tasks, outputs, assets, journal, waits, events, seeds)

ADMIN_OPERATIONS = tuple(
    each for group in _GROUPS for each in vars(group).values() if isinstance(each, AdminOperation)
)
