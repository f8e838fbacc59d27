"""Whether a run exercised the target at all, and what helps if it did not.

A wrong address, or a server that sends nothing to Runway, is no evidence, whatever it answers. A
target whose connects all fail can still be judged by what it does then, but the run is not good.
"""

from collections.abc import Sequence

from contracts.judge.case import Case, Context
from contracts.judge.observation import Observation
from contracts.judge.situation import Expect, Shape


def why_not_exercised(
    url: str, played: Sequence[Observation], *, reached: bool, elsewhere: bool, started: bool
) -> str:
    """Return why the target was not exercised, in a line; empty if it was.

    The line says in which situation, what came, and what to do.

    Args:
        url: of the target.
        reached: whether the fake got any request of the target, beside those for wrong requests.
        elsewhere: whether the fake got requests with another API secret.
        started: whether the judge started the target.
    """
    if reached or not played:
        return ""
    older = "" if started else " An older server that still listens there has older variables."
    answers = [answer for seen in played for answer in seen.answers]
    waits = any(seen.situation.leaves_after_s is None for seen in played)
    first = _first(played) or played[-1]
    hop = "no create had the right one" if elsewhere else "no create reached the fake"
    where = f"in {first.situation.id}, {hop}"
    got = f"{where}, and the caller got {first.answer}"
    only_wrong = all(seen.situation.expect is Expect.REFUSAL for seen in played)
    if lost := next((seen for seen in played if seen.loss), None):
        rest = f"in {lost.situation.id}, the target {lost.loss}"
        return "" if only_wrong else f"not one request of the target reached the fake; {rest}"
    if waits and all(answer.status is None for answer in answers):
        return f"{url} gave not one HTTP answer; {got}. Is this the right address?"
    if only_wrong:
        return ""
    if elsewhere:
        return (
            "requests reached the fake with another API secret than RUNWAYML_API_SECRET as it was"
            f" given to the target or printed; {got}. One of its own has to be given by --secret,"
            f" too.{older}"
        )
    statuses = {answer.status for answer in answers if answer.status is not None}
    names = " or ".join(map(str, sorted(statuses)))
    if statuses and statuses <= {401, 403}:
        return f"every answer was {names}: give what callers have to send by --header ({where})"
    if statuses and all(300 <= status < 400 for status in statuses):
        moved = f"the address that {url} redirects to as --target"
        return f"every answer was {names}: give {moved} ({where})"
    rejected = statuses and all(400 <= status < 500 for status in statuses)
    avatars = ", and does it take the avatars of --avatars?" if rejected else ""
    return (
        f"not one request of the target reached the fake; {got}. Does it use RUNWAYML_BASE_URL and"
        f" RUNWAYML_API_SECRET, and is {url} its connect endpoint{avatars or '?'}{older}"
    )


def why_no_connect(played: Sequence[Observation], shape: Shape | None) -> str:
    """Return that no connect succeeded, where and what came, in a line.

    Empty if one succeeded, or if the run played none that has to succeed.

    Args:
        shape: that the target is declared to hand out, None if either.
    """
    answers = [answer for seen in played for answer in seen.answers]
    first = _first(played)
    if first is None or any(answer.ok and answer.shape is not None for answer in answers):
        return ""
    hop = first.stopped_at(consumes=shape is not Shape.SESSION_KEY)
    got = f"no credentials with {first.answer}" if first.answer.ok else str(first.answer)
    return f"no connect succeeded: in {first.situation.id}, {hop}, and the caller got {got}"


def requirement_of_the_hop(played: Sequence[Observation], context: Context) -> str:
    """Return the id of the requirement whose repair helps the first connect that had to succeed."""
    first = _first(played)
    mistake = Case(first, context).mistake if first else None
    return mistake.about if mistake else "poll.waits"


def _first(played: Sequence[Observation]) -> Observation | None:
    """Return the first connect that has to succeed, None without one."""
    return next((seen for seen in played if seen.situation.expect is Expect.SUCCESS), None)
