"""Sessions handed out, or waited for, that never can be used."""

from collections.abc import Mapping
from typing import Any

from contracts.judge.case import Shape
from tests.contract.broken.table import breaks
from tests.contract.small_gateway import Gateway, Problem

_NO_KEY = {"shape.types": "there is no key, so the field is empty"}


class _TakesStatus(Gateway):
    """Hands out some sessions that are not READY."""

    def takes(self, status: Any) -> bool:
        raise NotImplementedError

    async def look(self, session: str) -> Mapping[str, Any]:
        look = await super().look(session)
        return {"status": "READY", "sessionKey": None} if self.takes(look.get("status")) else look

    def key_of(self, look: Mapping[str, Any]) -> str:
        return super().key_of(look) if look.get("sessionKey", "") is not None else ""


@breaks("terminal.ends-the-wait", "Looks for FAILED only, as one in three does.")
class OnlyFailedEnds(Gateway):
    def not_waiting(self, status: Any, look: Mapping[str, Any]) -> None:
        if status not in ("CANCELLED", "COMPLETED"):
            super().not_waiting(status, look)


@breaks("terminal.ends-the-wait", "Looks for READY only.")
class NothingEnds(Gateway):
    def not_waiting(self, status: Any, look: Mapping[str, Any]) -> None:
        pass


@breaks("terminal.is-a-failure", "Answers 200 with an error when the session has failed.")
class FailedIs200(Gateway):
    def not_waiting(self, status: Any, look: Mapping[str, Any]) -> None:
        if status in ("FAILED", "CANCELLED", "COMPLETED"):
            raise Problem(200, "the session failed", over=True)
        super().not_waiting(status, look)


@breaks("state.running", "Takes RUNNING for READY.", _NO_KEY, shape=Shape.SESSION_KEY)
class RunningIsReady(_TakesStatus):
    def takes(self, status: Any) -> bool:
        return bool(status == "RUNNING")


@breaks(
    "state.ready-without-key",
    "Hands out READY without looking for a key.",
    _NO_KEY,
    shape=Shape.SESSION_KEY,
)
class NoKeyIsFine(Gateway):
    def key_of(self, look: Mapping[str, Any]) -> str:
        key: str = look.get("sessionKey", "")
        return key


@breaks(
    "state.unknown",
    "Takes a status that it does not know for READY.",
    _NO_KEY | {"upstream.poll": "a look without a status is one of them"},
    shape=Shape.SESSION_KEY,
)
class UnknownIsReady(_TakesStatus):
    def takes(self, status: Any) -> bool:
        return status not in ("NOT_READY", "READY", "RUNNING", "COMPLETED", "FAILED", "CANCELLED")
