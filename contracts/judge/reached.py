"""Whether a run exercised the target at all.

A wrong address, or a server that sends nothing to Runway, is no evidence, whatever it answers. A
target whose connects all fail can still be judged by what it does then, but the run is not good.
"""

from collections.abc import Sequence

from contracts.judge.observation import Observation
from contracts.judge.situation import Expect, Shape


def why_not_exercised(
    url: str, played: Sequence[Observation], *, reached: bool, elsewhere: bool, started: bool
) -> str:
    """Return why the target was not exercised, in a line; empty if it was.

    Args:
        url: of the target.
        reached: whether the fake got any request of the target, beside those for wrong requests.
        elsewhere: whether the fake got requests with another API secret.
        started: whether the judge started the target.
    """
    older = "" if started else " An older server that still listens there has older variables."
    answers = [answer for seen in played for answer in seen.answers]
    waits = any(seen.situation.leaves_after_s is None for seen in played)
    if waits and all(answer.status is None for answer in answers):
        return f"{url} gave not one HTTP answer: is this the right address?"
    if reached or all(seen.situation.expect is Expect.REFUSAL for seen in played):
        return ""
    if elsewhere:
        return (
            "requests reached the fake with another API secret than RUNWAYML_API_SECRET as it was"
            " given to the target or printed; one of its own has to be given by --secret, too."
            f"{older}"
        )
    statuses = {answer.status for answer in answers if answer.status is not None}
    names = " or ".join(map(str, sorted(statuses)))
    if statuses and statuses <= {401, 403}:
        return f"every answer was {names}: give what callers have to send by --header"
    if statuses and all(300 <= status < 400 for status in statuses):
        return f"every answer was {names}: give the address that {url} redirects to as --target"
    rejected = statuses and all(400 <= status < 500 for status in statuses)
    avatars = ", and does it take the avatars of --avatars?" if rejected else ""
    return (
        "not one request of the target reached the fake: does it use RUNWAYML_BASE_URL and"
        f" RUNWAYML_API_SECRET, and is {url} its connect endpoint{avatars or '?'}{older}"
    )


def why_no_connect(played: Sequence[Observation], shape: Shape | None) -> str:
    """Return that no connect succeeded, where and what came, in a line.

    Empty if one succeeded, or if the run played none that has to succeed.

    Args:
        shape: that the target is declared to hand out, None if either.
    """
    answers = [answer for seen in played for answer in seen.answers]
    tried = [seen for seen in played if seen.situation.expect is Expect.SUCCESS]
    if not tried or any(answer.ok and answer.shape is not None for answer in answers):
        return ""
    first = tried[0]
    hop = first.stopped_at(consumes=shape is not Shape.SESSION_KEY)
    got = f"no credentials with {first.answer}" if first.answer.ok else str(first.answer)
    return f"no connect succeeded: in {first.situation.id}, {hop}, and the caller got {got}"
