"""Whether a run exercised the target: most requirements forbid something.

A wrong address, or a server that sends nothing to Runway, would keep them all.
"""

from collections.abc import Sequence

from contracts.judge.observation import Observation
from contracts.judge.situation import Expect


def why_not_exercised(
    url: str, played: Sequence[Observation], *, reached: bool, elsewhere: bool
) -> str:
    """Return why the target was not exercised, in a line; empty if it was.

    Args:
        url: of the target.
        reached: whether the fake got any request of the target, beside those for wrong requests.
        elsewhere: whether the fake got requests with another API secret.
    """
    answers = [answer for seen in played for answer in seen.answers]
    waits = any(seen.situation.leaves_after_s is None for seen in played)
    if waits and all(answer.status is None for answer in answers):
        return f"{url} gave not one HTTP answer: is this the right address?"
    if reached or all(seen.situation.expect is Expect.REFUSAL for seen in played):
        return ""
    if elsewhere:
        return (
            "requests reached the fake with another API secret than RUNWAYML_API_SECRET as it was"
            " given to the target or printed; one of its own has to be given by --secret, too"
        )
    statuses = {answer.status for answer in answers if answer.status is not None}
    names = " or ".join(map(str, sorted(statuses)))
    if statuses and statuses <= {401, 403}:
        return f"every answer was {names}: give what callers have to send by --header"
    if statuses and all(300 <= status < 400 for status in statuses):
        return f"every answer was {names}: give the address that {url} redirects to as --target"
    return (
        "not one request of the target reached the fake: does it use RUNWAYML_BASE_URL and"
        f" RUNWAYML_API_SECRET, and is {url} its connect endpoint?"
    )
