"""What faults, the journal, findings and waits may speak of, as declared data."""

from enum import Enum


class Phase(Enum):
    """Whether something is seen before or after the server processes the request."""

    BEFORE = "before"
    AFTER = "after"
