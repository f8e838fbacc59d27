"""The contract as a document: `docs/contract.md`, made from requirements and situations."""

from collections.abc import Iterator, Sequence

from contracts.judge.case import Level, Requirement
from contracts.judge.requirements import REQUIREMENTS
from contracts.judge.situation import Situation
from contracts.judge.situations.catalogue import situations

TIMEOUT_S = 30.0
_HEAD = """\
# The connect contract

What a connect endpoint has to do, also when Runway fails. `runway-contracts list --markdown` writes
this page from the requirements that `runway-contracts check` judges by; a test keeps it current.

A page POSTs `{"avatarId": "..."}` to the endpoint, the *target*, and gets one of two shapes:
`{sessionId, sessionKey}`, or `{sessionId, serverUrl, token, roomName}`. Upstream there is Runway,
or the fake that the judge puts in its place. MUST, SHOULD and MAY are those of RFC 2119; only a
broken MUST fails a check, and with `--strict` a broken SHOULD too. Where the contract is
silent, everything is allowed: several statuses, any text.

Sources: *seed A* is Runway's guide to the connect endpoint, *seed B* its server setup guide, *SDK*
how the official SDKs behave, *published OpenAPI* Runway's own description, *observed* what others
report of the real API and of gateways in public code, *ours* a judgement of this project.
"""


def contract_page() -> str:
    """Return the page."""
    every = situations(TIMEOUT_S, "marker")
    levels = [each.level for each in REQUIREMENTS]
    counts = ", ".join(f"{levels.count(level)} {level.value}" for level in Level if level in levels)
    parts = [_HEAD, f"{len(levels)} requirements ({counts}), {len(every)} situations.\n"]
    for family in dict.fromkeys(each.family for each in REQUIREMENTS):
        parts.append(f"## {family}\n")
        parts += [
            "\n".join(_section(each, every)) for each in REQUIREMENTS if each.family == family
        ]
    parts.append("## Situations\n")
    parts.append("Those of the quick profile are marked. Each is played once.\n")
    parts.append("| Situation | Quick | What happens |\n|---|---|---|")
    rows = (f"| `{one.id}` | {'yes' if one.quick else ''} | {one.about} |" for one in every)
    return "\n".join([*parts, *rows, ""])


def judged_in(each: Requirement, every: Sequence[Situation]) -> tuple[str, Sequence[Situation]]:
    """Return in which situations a requirement is judged: words, and those to name after them.

    Where it is about most of them, those that it is not about are named.
    """
    about = [one for one in every if each.is_about(one)]
    others = [one for one in every if not each.is_about(one)]
    if len(others) >= len(about):
        return "", about
    return "all situations but" if others else "all situations", others


def _section(each: Requirement, every: tuple[Situation, ...]) -> Iterator[str]:
    words, named = judged_in(each, every)
    ids = ", ".join(f"`{one.id}`" for one in named)
    judged = " ".join(part for part in ("in", words, ids) if part)
    yield f"### {each.id}\n"
    yield f"**{each.level.value}**: {each.text}\n"
    yield f"- Why: {each.why}"
    yield f"- Source: {each.source}"
    yield f"- Judged {judged}\n"
