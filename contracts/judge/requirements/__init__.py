"""Every requirement of the connect contract, each with its check.

A check gets one observation of a situation that its requirement is about, and yields the breaches
in it. Where the contract is silent, everything is allowed: several statuses, either shape, any
text. A missing answer is checked by `time.deadline` alone. One mistake is one finding where
possible: a create that Runway rejects because of its body is not also a session that was not waited
for. A check that finds nothing to judge raises `NotJudged` with the reason; a requirement is
skipped if it judges none of its situations.

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
    slow,
    state,
    survive,
    time,
    unexpected,
    upstream,
)

REQUIREMENTS: tuple[Requirement, ...] = tuple(
    each
    for family in (
        *(shape, request, unexpected, poll, time, slow, state, upstream),
        *(error, retry, consume, header, cancel, many, secrecy, survive),
    )
    for each in vars(family).values()
    if isinstance(each, Requirement)
)
"""All requirements, in the order of their files and of the lines in them."""
