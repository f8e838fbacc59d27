"""Every requirement of the connect contract, each with its judge.

A judge looks at one observation of a situation that its requirement is about, and yields what is
wrong with it. Where the contract is silent, everything is allowed: several statuses, either shape,
any text. An answer that never came is the deadline's affair (`time.deadline`) and nobody else's.
One mistake is one finding where that can be had: a create that Runway refuses because of its body
is not also a session that was not waited for. A judge that has nothing to look at raises
`NotJudged` with the reason; a requirement that all situations say so about is skipped.

Sources: `seed A` is the guide to the connect endpoint, `seed B` the server setup guide, `SDK` the
behaviour of the official browser SDKs (which throw on a non-2xx answer, and take a 2xx one as it
is), `observed` what others report of the real API, `ours` a judgement of this project.
"""

from contracts.judge.case import Requirement
from contracts.judge.requirements import (
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
    state,
    time,
    upstream,
)
from contracts.judge.requirements.common import CANCELLED_WITHIN_S, NotJudged, shape_of

__all__ = ["CANCELLED_WITHIN_S", "REQUIREMENTS", "NotJudged", "shape_of"]

REQUIREMENTS: tuple[Requirement, ...] = tuple(
    each
    for family in (
        *(shape, request, poll, time, state, upstream),
        *(error, retry, consume, header, cancel, many, secrecy),
    )
    for each in vars(family).values()
    if isinstance(each, Requirement)
)
"""All requirements, in the order in which they stand there."""
