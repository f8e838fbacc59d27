"""What a session costs, and when it cannot be paid."""

from enum import Enum

CREATE_CREDITS = 2
BLOCK_CREDITS = 2
DAY_S = 86_400.0


class Unpaid(Enum):
    """What happens to a RUNNING session whose next block cannot be paid. Unknown; assumed."""

    COMPLETE = "complete"
    FAIL = "fail"
    OVERDRAW = "overdraw"
