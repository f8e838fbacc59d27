"""Types that many files share."""

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]
"""A JSON object that is only read."""

LARGEST_INTEGER = 2**53 - 1
"""What every JSON parser reads without loss; beyond 64 bits some cannot even write it."""
