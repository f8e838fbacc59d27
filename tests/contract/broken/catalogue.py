"""Gateways that each break one requirement, a file for each family of requirements.

Most of them were found in public code; the others are made up, so that each requirement has a
gateway that no other requirement catches. `also` names further requirements that a gateway
unavoidably breaks too, each with the reason.
"""

from tests.contract.broken import (
    cancel,
    consume,
    error,
    header,
    many,
    poll,
    request,
    retry,
    secrecy,
    shape,
    slow,
    state,
    survive,
    time,
    unexpected,
    upstream,
)
from tests.contract.broken.table import Broken

BROKEN: tuple[Broken, ...] = tuple(
    vars(kind)["broken"]
    for family in (
        *(shape, request, unexpected, poll, time, slow, state, upstream),
        *(error, retry, consume, header, cancel, many, secrecy, survive),
    )
    for kind in vars(family).values()
    if isinstance(kind, type) and "broken" in vars(kind)
)
"""All of them."""
