"""Query parameters of the admin API: which there are, and what may stand in them.

A misspelt filter that was passed over would find everything, or nothing, and a test would be green
for the wrong reason; so whatever is not known is refused.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from multidict import MultiMapping

from fake_runway.admin_api.calls import AdminRefused
from fake_runway.core.lifecycles.runway import RUNWAY_API
from fake_runway.core.lifecycles.session import SESSION
from fake_runway.core.text import shown


def _one_of(*names: str) -> tuple[str, str]:
    return "|".join(names), f"one of {', '.join(names)}"


_FORMS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "limit": ("[1-9][0-9]{0,4}|100000", "a whole number from 1 to 100000"),
        "state": _one_of(*(state.value for state in SESSION.transitions)),
        "operation": _one_of(*RUNWAY_API.operation),
        "method": ("[A-Z]{1,20}", "a method in capitals"),
        "session": (
            "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-4[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}",
            "the id of a session",
        ),
        "status": ("[1-5][0-9]{2}", "an HTTP status"),
        "fault": ("(?s:.{1,1000})", "the name of a fault"),  # ours are put together from others
    }
)


def checked_query(query: MultiMapping[str], known: tuple[str, ...]) -> dict[str, str]:
    """Return the parameters of a request.

    Args:
        known: the names that the operation takes.

    Raises:
        AdminRefused: another name, one given twice, or a value of another form.
    """
    for name in query:
        if name not in known:
            names = ", ".join(known) or "nothing"
            raise AdminRefused(f"Expected {names} in the query, got {shown(name)}.")
        if (count := len(query.getall(name))) > 1:
            raise _refused(name, "one value", f"{count}")
        pattern, wanted = _FORMS[name]
        if re.fullmatch(pattern, query[name]) is None:
            raise _refused(name, wanted, shown(query[name]))
    return dict(query.items())


def _refused(name: str, wanted: str, came: str) -> AdminRefused:
    where = {"X-Fake-Where": f"query: {name}"}
    return AdminRefused(f"Expected {wanted} as {name} in the query, got {came}.", headers=where)
