"""The small correct gateway with the official Python SDK instead of requests of its own."""

from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

from runwayml import (
    APIConnectionError,
    APIError,
    APIStatusError,
    AsyncRunwayML,
    DefaultAioHttpClient,
)

from tests.contract.small_gateway import Gateway, UpstreamError, seconds

T = TypeVar("T")


class SdkGateway(Gateway):
    """Repeats by its own rules, so the SDK's are switched off."""

    runway: AsyncRunwayML | None = None

    def sdk(self) -> AsyncRunwayML:
        self.runway = self.runway or AsyncRunwayML(
            api_key=self.secret,
            base_url=self.url,
            max_retries=0,
            http_client=DefaultAioHttpClient(),  # of its backends, the one that loops can simulate
        )
        return self.runway

    async def close(self) -> None:
        if self.runway is not None:
            await self.runway.close()

    async def ask(
        self,
        method: str,
        path: str,
        *,
        bearer: str = "",
        body: Mapping[str, Any] | None = None,
        limit_s: float | None = None,
    ) -> Mapping[str, Any]:
        """Send one request with the SDK."""
        sessions, session = self.sdk().realtime_sessions, path.split("/")[1] if path else ""
        if method == "DELETE":
            await translated(sessions.delete(session))
            return {}
        if method == "GET":
            return plain(await translated(sessions.retrieve(session, timeout=limit_s)))
        if not path:
            created = await translated(sessions.create(**dict(body or {})))
            return plain(created)
        answer = await translated(
            self.sdk().post(
                f"/v1/realtime_sessions{path}",
                cast_to=object,
                options={"headers": {"Authorization": f"Bearer {bearer}"}},
            )
        )
        return plain(answer)


async def translated(call: Awaitable[T]) -> T:
    """Return what a call of the SDK does, with its errors as ours."""
    try:
        return await call
    except APIStatusError as error:
        after_s = seconds(error.response.headers.get("Retry-After", ""))
        raise UpstreamError(error.status_code, after_s=after_s) from None
    except (APIConnectionError, APIError, ValueError):
        raise UpstreamError(None) from None


def plain(answer: Any) -> Mapping[str, Any]:
    """Return an answer of the SDK as an object; it passes malformed ones on."""
    if hasattr(answer, "model_dump"):
        answer = answer.model_dump(by_alias=True)
    if not isinstance(answer, dict):
        raise UpstreamError(None)
    return answer
