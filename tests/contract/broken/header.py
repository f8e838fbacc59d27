"""Requests without the version header."""

from tests.contract.broken.table import breaks
from tests.contract.small_gateway import Gateway, UpstreamError


@breaks("header.version", "Polls without the version header.")
class NoVersionOnPolls(Gateway):
    def headers(self, method: str, path: str) -> dict[str, str]:
        return {} if method == "GET" else super().headers(method, path)


@breaks("header.version", "Creates without the version header where it does so again.")
class NoVersionOnRepetition(Gateway):
    again = False

    def create_again(self, error: UpstreamError) -> bool:
        self.again = super().create_again(error)
        return self.again

    def headers(self, method: str, path: str) -> dict[str, str]:
        bare = self.again and method == "POST" and not path
        self.again = self.again and not bare
        return {} if bare else super().headers(method, path)


@breaks("header.version", "Cancels without the version header.")
class NoVersionOnCancel(Gateway):
    def headers(self, method: str, path: str) -> dict[str, str]:
        return {} if method == "DELETE" else super().headers(method, path)


@breaks(
    "header.version",
    "Knows no version header.",
    {
        "header.version-on-consume": "there neither",
    },
)
class NoVersion(Gateway):
    def headers(self, method: str, path: str) -> dict[str, str]:
        return {}


@breaks("header.version-on-consume", "Consumes without the version header.")
class NoVersionOnConsume(Gateway):
    def headers(self, method: str, path: str) -> dict[str, str]:
        return {} if path.endswith("/consume") else super().headers(method, path)


@breaks(
    "header.version",
    "Sends an older version.",
    {"header.version-on-consume": "there, too", "unexpected.own-credentials": "it is not its own"},
)
class OlderVersion(Gateway):
    def headers(self, method: str, path: str) -> dict[str, str]:
        return {"X-Runway-Version": "2024-09-13"}
