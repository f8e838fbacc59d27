"""How an endpoint takes files and gives them back, by its answers."""

from collections.abc import Iterator
from typing import Any

from fake_runway.calibration.history import (
    DOCUMENTS,
    DOWNLOADED,
    STORED,
    UPLOADS,
    History,
    Seen,
)
from fake_runway.calibration.measures import Between, Learned, Rule
from fake_runway.core.durations import Fixed
from fake_runway.core.scenario.settings import Settings

DAMAGED = "data:audio/wav;base64,bm8gc291bmQ="
"""A file that is no sound."""

SHORT_S = 1.0
"""Seconds of a sound that is shorter than its model takes."""

TOO_LONG = "A cat. " * 1_000
"""A prompt that no model takes, so that no task is made of what is asked."""

_ISOLATION, _FILMS = "/v1/voice_isolation", "/v1/image_to_video"
_REFUSED_FOR_SIZE = (400, 413, 422)
_A_DAY_S = 86_400.0


# Uploads


def _sizes(history: History) -> Iterator[Learned]:
    """The least and the most bytes, where one more or less made the difference."""
    taken, refused = set[int](), set[int]()
    for each in history.calls:
        if each.path.startswith(f"{STORED}/") and isinstance(each.asked.get("bytes"), int):
            size = each.asked["bytes"]
            if each.ok:
                taken.add(size)
            elif each.status in _REFUSED_FOR_SIZE:
                refused.add(size)
    if not taken:
        return
    least, most = min(taken), max(taken)
    if least - 1 in refused or least == 0:
        evidence = f"{least} bytes were taken" + (", one less was not" if least else "")
        yield Learned("account", "smallest_upload", least, evidence)
    if most + 1 in refused:
        evidence = f"{most} bytes were taken, one more was not"
        yield Learned("account", "largest_upload", most, evidence)


def _slots(history: History) -> Iterator[Learned]:
    """How long a slot waits, by files of one size that came ever later."""
    created = {
        str(each.body.get("runwayUri")).rpartition("/")[2]: each for each in _creates(history)
    }
    last = 0.0
    sizes = {each.asked.get("bytes") for each in _stored(history) if each.ok}
    for each in _stored(history):
        if (slot := created.get(each.name)) is None or each.asked.get("bytes") not in sizes:
            continue
        after = each.at - slot.at
        if each.ok:
            last = max(last, after)
        elif after > last:
            lasted = Between(last, after)
            usual = Fixed(Settings().uploads.slot_s)
            evidence = f"a slot took a file after {last:.0f} s, and not after {after:.0f} s"
            yield Learned("account", "upload_slot", lasted.written(usual), evidence)
            return


def _creates(history: History) -> list[Seen]:
    return [each for each in history.of("POST", UPLOADS) if each.ok]


def _stored(history: History) -> list[Seen]:
    return [each for each in history.calls if each.path.startswith(f"{STORED}/")]


def _lifetime(history: History) -> Iterator[Learned]:
    """How long a file can be used, by calls that name it ever later."""
    for create in _creates(history):
        uri = str(create.body.get("runwayUri"))
        uses = [each for each in history.calls if each.asked.get("dryRun") and uri in _uris(each)]
        taken = [each for each in uses if each.ok]
        refused = next((each for each in uses if each.status == 400), None)
        if taken and refused is not None and refused.number > taken[-1].number:
            lasted = Between(taken[-1].at - create.at, refused.at - create.at)
            evidence = (
                f"an upload could be used for {lasted.low:.0f} s, not for {lasted.high:.0f} s"
            )
            usual = Fixed(Settings().uploads.lifetime_s)
            yield Learned("account", "upload_lifetime", lasted.written(usual), evidence)


def _uris(call: Seen) -> list[str]:
    asked = call.asked.get("input")
    images = asked.get("referenceImages") if isinstance(asked, dict) else None
    listed = images if isinstance(images, list) else []
    return [str(each.get("uri")) for each in listed if isinstance(each, dict)]


def _cursor(history: History) -> Iterator[Learned]:
    """How long a cursor works, by calls that use one ever later."""
    for page in history.of("GET", DOCUMENTS):
        cursor = page.body.get("nextCursor")
        if not isinstance(cursor, str) or not page.ok:
            continue
        uses = [
            each
            for each in history.of("GET", DOCUMENTS)
            if each.query.endswith(f"cursor={cursor}") and each.number > page.number
        ]
        taken = [each for each in uses if each.ok]
        refused = next((each for each in uses if each.status == 400), None)
        if refused is not None:
            low = taken[-1].at - page.at if taken else 0.0
            lasted = Between(low, refused.at - page.at)
            evidence = f"a cursor worked for {lasted.low:.0f} s, not for {lasted.high:.0f} s"
            yield Learned("account", "cursor_lifetime", lasted.written(), evidence)
        elif taken and taken[-1].at - page.at >= _A_DAY_S:
            evidence = f"a cursor works after {taken[-1].at - page.at:.0f} s"
            yield Learned("account", "cursor_lifetime", "forever", evidence)


# Files in creates, and outputs


def _bad_inputs(history: History) -> Iterator[Learned]:
    creates = history.of("POST", _ISOLATION)
    damaged = [each for each in creates if each.asked.get("audioUri") == DAMAGED]
    others = [each for each in creates if each.asked.get("audioUri") != DAMAGED]
    if any(each.ok for each in damaged):
        yield Learned("account", "bad_inputs", "accept", "a sound that is none was taken")
    elif damaged and damaged[0].status == 400 and others:
        if others[0].ok:
            evidence = "a sound that is none was refused, one that is too short was not"
            yield Learned("account", "bad_inputs", "documented", evidence)
        elif others[0].status == 400:
            evidence = "a sound that is none and one that is too short were refused"
            yield Learned("account", "bad_inputs", "refuse", evidence)


def _retired(history: History) -> Iterator[Learned]:
    """Whether a model that is gone is what a refusal is about, or the prompt that is too long."""
    for each in history.of("POST", _FILMS):
        if each.asked.get("model") != "gen3a_turbo" or each.asked.get("promptText") != TOO_LONG:
            continue
        issues = each.body.get("issues")
        places = {
            str(issue["path"][0])
            for issue in (issues if isinstance(issues, list) else [])
            if isinstance(issue, dict) and isinstance(issue.get("path"), list) and issue["path"]
        }
        if each.ok or (each.status == 400 and places == {"promptText"}):
            evidence = f"{each.words()}, whatever the model"
            yield Learned("account", "retired_models", "accept", evidence)
        elif each.status == 400 and "model" in places:
            evidence = f"{each.words()} for the model of gen3a_turbo"
            yield Learned("account", "retired_models", "refuse", evidence)


_MEDIA = ("image/", "video/", "audio/", "application/octet-stream", "binary/octet-stream")


def _downloads(history: History) -> Iterator[Learned]:
    """What came of each output that was fetched, and of the second time."""
    by_task: dict[str, list[Seen]] = {}
    for each in history.calls:
        if each.path.startswith(f"{DOWNLOADED}/"):
            by_task.setdefault(each.name, []).append(each)
    for tries in by_task.values():
        words: list[Any] = [_of_download(each) for each in tries]
        if words[0] == "fail" and "fail" not in words[1:] and len(words) > 1:
            yield Learned("task", "downloads", "fail-once", "an output could be fetched again")
        elif words[0] is not None and len(set(words)) == 1:
            evidence = f"{tries[0].words()}, {tries[0].body.get('bytes')} bytes"
            yield Learned("task", "downloads", words[0], evidence)


def _of_download(call: Seen) -> str | None:
    if call.status >= 500:
        return "fail"
    if not call.ok:
        return None
    if call.body.get("whole") is False:
        return "truncated"
    kind = call.headers.get("content-type", "").lower()
    return "work" if kind.startswith(_MEDIA) else "another-type"


FILE_RULES: tuple[Rule, ...] = (
    *(_sizes, _slots, _lifetime, _cursor),
    *(_bad_inputs, _retired, _downloads),
)
