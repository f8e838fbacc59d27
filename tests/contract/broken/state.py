"""Sessions handed out, or waited for, that never can be used."""

from collections.abc import Mapping
from typing import Any

from contracts.judge.situation import Shape
from tests.contract.broken.table import breaks
from tests.contract.small_gateway import Gateway, Problem

_NO_KEY = {"shape.types": "there is no key, so the field is empty"}
_NOT_READY = {"state.only-ready": "no poll has shown READY"}


class _TakesStatus(Gateway):
    """Hands out some sessions that are not READY."""

    def takes(self, status: Any) -> bool:
        raise NotImplementedError

    async def poll(self, session: str) -> Mapping[str, Any]:
        answer = await super().poll(session)
        return (
            {"status": "READY", "sessionKey": None} if self.takes(answer.get("status")) else answer
        )

    def key_of(self, answer: Mapping[str, Any]) -> str:
        return super().key_of(answer) if answer.get("sessionKey", "") is not None else ""


@breaks("terminal.ends-the-wait", "Knows FAILED as the only end, as one in three does.")
class OnlyFailedEnds(Gateway):
    def not_waiting(self, status: Any, answer: Mapping[str, Any]) -> None:
        if status not in ("CANCELLED", "COMPLETED"):
            super().not_waiting(status, answer)


@breaks("terminal.ends-the-wait", "Knows no end but READY.")
class NothingEnds(Gateway):
    def not_waiting(self, status: Any, answer: Mapping[str, Any]) -> None:
        pass


@breaks("terminal.is-a-failure", "Answers 200 with an error when the session has failed.")
class FailedIs200(Gateway):
    def not_waiting(self, status: Any, answer: Mapping[str, Any]) -> None:
        if status in ("FAILED", "CANCELLED", "COMPLETED"):
            raise Problem(200, "the session failed", over=True)
        super().not_waiting(status, answer)


@breaks("state.running", "Takes RUNNING for READY.", _NO_KEY | _NOT_READY, shape=Shape.SESSION_KEY)
class RunningIsReady(_TakesStatus):
    def takes(self, status: Any) -> bool:
        return bool(status == "RUNNING")


@breaks(
    "state.ready-without-key",
    "Hands out READY without a check for the key.",
    _NO_KEY,
    shape=Shape.SESSION_KEY,
)
class NoKeyIsFine(Gateway):
    def key_of(self, answer: Mapping[str, Any]) -> str:
        key: str = answer.get("sessionKey", "")
        return key


@breaks(
    "state.unknown",
    "Takes a status that it does not know for READY.",
    _NO_KEY | _NOT_READY | {"upstream.poll": "a poll without a status is one of them"},
    shape=Shape.SESSION_KEY,
)
class UnknownIsReady(_TakesStatus):
    def takes(self, status: Any) -> bool:
        return status not in ("NOT_READY", "READY", "RUNNING", "COMPLETED", "FAILED", "CANCELLED")


class _KeyBeside(Gateway):
    """Takes the key that stands beside some statuses."""

    def takes(self, status: Any) -> bool:
        raise NotImplementedError

    async def poll(self, session: str) -> Mapping[str, Any]:
        answer = await super().poll(session)
        taken = answer.get("sessionKey") and self.takes(answer.get("status"))
        return {**answer, "status": "READY"} if taken else answer


@breaks(
    "state.only-ready",
    "Waits for a key, whatever the status is.",
    {
        "state.unknown": "a key stands beside it",
        "upstream.poll": "a key stands beside no status",
    },
)
class AnyKeyWillDo(_KeyBeside):
    def takes(self, status: Any) -> bool:
        return True


@breaks("state.only-ready", "Compares the status without regard to case.")
class AnyCaseOfReady(_KeyBeside):
    def takes(self, status: Any) -> bool:
        return isinstance(status, str) and status.upper() == "READY"


@breaks("state.only-ready", "Takes a status that begins with READY.")
class BeginsLikeReady(_KeyBeside):
    def takes(self, status: Any) -> bool:
        return str(status).startswith("READY")


@breaks("state.only-ready", "Compares as JavaScript's == does: a list with READY is READY.")
class LooselyReady(_KeyBeside):
    def takes(self, status: Any) -> bool:
        return status in ("READY", ["READY"])


@breaks("state.only-ready", "Takes the key of a session that is RUNNING.")
class KeyOfRunning(_KeyBeside):
    def takes(self, status: Any) -> bool:
        return bool(status == "RUNNING")


@breaks("state.only-ready", "Looks at the key before it looks for a terminal status.")
class KeyOfFailed(_KeyBeside):
    def takes(self, status: Any) -> bool:
        return status in ("FAILED", "CANCELLED", "COMPLETED")


@breaks("state.only-ready", "Takes the key of a session that is NOT_READY yet.")
class KeyOfNotReady(_KeyBeside):
    def takes(self, status: Any) -> bool:
        return bool(status == "NOT_READY")


@breaks("state.only-ready", "Takes what is neither text nor absent for READY.")
class TruthyIsReady(_KeyBeside):
    def takes(self, status: Any) -> bool:
        return bool(status) and not isinstance(status, str)
