"""Whether a run had anything to judge: a target that is never exercised breaks little by it.

Most requirements say what must not happen, so a wrong address or a server that never asks Runway
would keep them all.
"""

from collections.abc import Sequence

from contracts.judge.case import Expect, Situation
from contracts.judge.observation import Observation


def why_not_exercised(
    url: str, played: Sequence[tuple[Situation, Observation]], *, reached: bool, elsewhere: bool
) -> str:
    """Return why nothing that was seen could be judged, in a line; empty if all is well.

    Args:
        url: of the target.
        reached: whether any request of it came to the fake, those apart that callers caused who
            have to be refused.
        elsewhere: whether requests came to the fake that had another API secret.
    """
    answers = [answer for _, seen in played for answer in seen.answers]
    waits = any(situation.leaves_after_s is None for situation, _ in played)
    if waits and all(answer.status is None for answer in answers):
        return f"{url} gave not one HTTP answer: is this the right address?"
    if reached or all(situation.expect is Expect.REFUSAL for situation, _ in played):
        return ""
    if elsewhere:
        return (
            "requests reached the fake with another API secret than RUNWAYML_API_SECRET as it was"
            " given to the target or printed; one of its own has to be given by --secret, too"
        )
    statuses = {answer.status for answer in answers if answer.status is not None}
    shown = " or ".join(map(str, sorted(statuses)))
    if statuses and statuses <= {401, 403}:
        return f"every answer was {shown}: give what callers have to send by --header"
    if statuses and all(300 <= status < 400 for status in statuses):
        return f"every answer was {shown}: give the address that {url} redirects to as --target"
    return (
        "not one request of the target reached the fake: does it use RUNWAYML_BASE_URL and"
        f" RUNWAYML_API_SECRET, and is {url} its connect endpoint?"
    )
