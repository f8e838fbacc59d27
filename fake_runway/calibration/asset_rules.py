"""How an endpoint takes avatars, voices and documents, by its answers."""

from collections.abc import Iterator, Mapping
from typing import Any

from fake_runway.calibration.history import AVATARS, DOCUMENTS, VOICES, History, Seen
from fake_runway.calibration.measures import Between, Learned, Rule, is_ready_made
from fake_runway.core.assets.kinds import ASSET_FAILURES
from fake_runway.core.durations import Duration
from fake_runway.core.scenario.settings import Settings

LONGEST_DOCUMENT = 200_000
"""Characters of a document. Source: the published document."""

CHARACTERS_OF_A_TOKEN = 4

_NEVER_S = 60.0
_UNNAMED = "UNNAMED"  # the wire has the text of a failure alone
_KINDS: Mapping[str, tuple[str, Duration]] = {
    AVATARS: ("avatar", Settings().avatar_plan.processing),
    VOICES: ("voice", Settings().voice_plan.processing),
}


def _processing(history: History) -> Iterator[Learned]:
    """How long avatars and voices are processed, and why that fails."""
    for path, (kind, usual) in _KINDS.items():
        for create in history.created(path):
            polls = [
                each
                for each in history.about(path, create.id)
                if each.method == "GET" and isinstance(each.body.get("status"), str)
            ]
            waited = [each for each in polls if each.body["status"] == "PROCESSING"]
            over = next((each for each in polls if each.body["status"] != "PROCESSING"), None)
            last = waited[-1] if waited else create
            if over is None:
                if last.at - create.at > _NEVER_S:
                    evidence = f"PROCESSING for {last.at - create.at:.0f} s"
                    yield Learned("account", f"{kind}_processing", "never", evidence)
                continue
            status = over.body["status"]
            lasted = Between(last.at - create.at, over.at - create.at)
            evidence = f"until a poll was {status[:20]}"
            yield Learned("account", f"{kind}_processing", lasted.written(usual), evidence)
            if status == "READY":
                yield Learned("account", f"{kind}_failure", None, f"{kind}s become READY")
            elif status == "FAILED":
                reason = over.body.get("failureReason")
                yield Learned("account", f"{kind}_failure", _failure(reason), "failureReason")


def _failure(reason: object) -> Any:
    text = str(reason or "It failed.")[:1000]
    known = (code for code, each in ASSET_FAILURES.items() if each == text)
    return next(known, {"code": _UNNAMED, "text": text})


def _document_processing(history: History) -> Iterator[Learned]:
    """From the create of a document to where an avatar takes it."""
    refuses = any(each.value == "refuse" for each in _not_ready(history))
    for create in history.created(DOCUMENTS):
        uses = [
            each
            for each in history.calls
            if each.method == "PATCH"
            and each.path.startswith(f"{AVATARS}/")
            and each.asked.get("documentIds") == [create.id]
        ]
        taken = next((each for each in uses if each.ok), None)
        refused = [each for each in uses if each.status == 400]
        if taken is None or not (refused or refuses):
            continue
        last = refused[-1] if refused else create
        lasted = Between(last.at - create.at, taken.at - create.at)
        usual = Settings().document_plan.processing
        evidence = "from its create to where an avatar takes it"
        yield Learned("account", "document_processing", lasted.written(usual), evidence)
        return


def _not_ready(history: History) -> Iterator[Learned]:
    for each in history.of("POST", AVATARS):
        voice = each.asked.get("voice")
        if not isinstance(voice, dict) or voice.get("type") != "custom":
            continue
        looks = [
            look
            for look in history.about(VOICES, str(voice.get("id")))
            if look.method == "GET" and look.ok and look.number < each.number
        ]
        if looks and looks[-1].body.get("status") == "PROCESSING" and each.status in (200, 400):
            word = "accept" if each.ok else "refuse"
            evidence = f"{each.words()} with a voice that is PROCESSING"
            yield Learned("account", "assets_not_ready", word, evidence)


def _most_of_a_kind(history: History) -> Iterator[Learned]:
    """How many there may be, if one create too many was refused."""
    for path, kind in ((AVATARS, "avatars"), (VOICES, "voices"), (DOCUMENTS, "documents")):
        there: set[str] = set()
        taken: list[Mapping[str, Any]] = []
        for each in history.calls:
            if each.path == path and each.method == "GET" and each.ok:
                there |= {str(one.get("id")) for one in each.data if not is_ready_made(one)}
            elif each.path == path and each.method == "POST":
                if each.ok and each.id:
                    there.add(each.id)
                    taken.append(each.asked)
                elif each.status == 400 and each.asked in taken:
                    evidence = f"{each.words()} with {len(there)} of them"
                    yield Learned("account", f"max_{kind}", len(there), evidence)
            elif each.method == "DELETE" and each.ok and each.path.startswith(f"{path}/"):
                there.discard(each.name)


def _document_length(history: History) -> Iterator[Learned]:
    """How long a document may be that no avatar knows, and how long all of one avatar."""
    lengths: dict[str, int] = {}
    known: dict[str, list[str]] = {}
    alone, together = _Limit(), _Limit()
    for each in history.calls:
        if each.path == DOCUMENTS and each.method == "POST" and each.ok and each.id:
            lengths[each.id] = len(str(each.asked.get("content", "")))
            alone.saw(each, lengths[each.id])
        elif each.method != "PATCH":
            continue
        elif each.path.startswith(f"{AVATARS}/") and each.ok and "documentIds" in each.asked:
            named = each.asked["documentIds"]
            known[each.name] = [str(one) for one in named] if isinstance(named, list) else []
            together.saw(each, sum(lengths.get(one, 0) for one in known[each.name]))
        elif each.path.startswith(f"{DOCUMENTS}/") and isinstance(
            text := each.asked.get("content"), str
        ):
            new = {**lengths, each.name: len(text)}
            users = [ids for ids in known.values() if each.name in ids]
            total = max((sum(new.get(one, 0) for one in ids) for ids in users), default=0)
            (together if users else alone).saw(each, total or len(text))
            if each.ok:
                lengths = new
    yield from alone.learned("document_characters", 1, LONGEST_DOCUMENT)
    yield from together.learned("knowledge_tokens", CHARACTERS_OF_A_TOKEN, 2 * LONGEST_DOCUMENT)


class _Limit:
    """The most characters that were taken, and the fewest that were refused."""

    def __init__(self) -> None:
        self._taken = 0
        self._refused: int | None = None

    def saw(self, call: Seen, characters: int) -> None:
        if call.ok:
            self._taken = max(self._taken, characters)
        elif call.status == 400:
            self._refused = min(characters, self._refused or characters)

    def learned(self, key: str, unit: int, most: int) -> Iterator[Learned]:
        """Yield the limit in units of so many characters; none, if `most` were taken."""
        if self._refused is None:
            if self._taken >= most:
                yield Learned("account", key, "unlimited", f"{most} characters were taken")
            return
        limit = (self._refused - 1) // unit
        if self._taken > limit * unit - unit:
            evidence = f"{self._taken} characters were taken, {self._refused} were not"
            yield Learned("account", key, limit, evidence)


def _empty_update(history: History) -> Iterator[Learned]:
    for each in history.calls:
        stored = each.path.startswith((f"{AVATARS}/", f"{VOICES}/", f"{DOCUMENTS}/"))
        if each.method == "PATCH" and stored and not each.asked and each.status in (200, 204, 400):
            word = "accept" if each.ok else "refuse"
            yield Learned("account", "empty_update", word, f"{each.words()} without a field")


def _other_client(history: History) -> Iterator[Learned]:
    """What became of a list while it was read: of documents, from one whole page to the next."""
    pages = [each for each in history.of("GET", DOCUMENTS) if each.ok]
    for first, middle, last in zip(pages, pages[1:], pages[2:], strict=False):
        if first.body.get("hasMore") or last.body.get("hasMore") or not middle.body.get("hasMore"):
            continue
        between = [each for each in history.calls if first.number < each.number < last.number]
        if any(each.method != "GET" and each.path.startswith(DOCUMENTS) for each in between):
            continue
        before, after = ({str(one.get("id")) for one in page.data} for page in (first, last))
        word = "creates" if after - before else "deletes" if before - after else "none"
        evidence = f"{len(after - before)} more and {len(before - after)} fewer documents"
        yield Learned("account", "other_client", word, f"{evidence} behind a page that was read")


ASSET_RULES: tuple[Rule, ...] = (
    *(_processing, _document_processing, _not_ready, _most_of_a_kind),
    *(_document_length, _empty_update, _other_client),
)
