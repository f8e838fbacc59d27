"""The addresses of outputs: made with each GET of a task, and valid for some time of its world.

An address names the instant at which it expires, and is signed, so that no client can give it
another. The signature is a draw of the world, so a replay makes the same one.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode

from fake_runway.core.draws import Draws, draw
from fake_runway.core.tasks.task import Task

ASSET_LIFETIME_S = 86_400.0
"""How long the address of a file of an avatar or a voice works. Source: the published document."""
ROOT = "_media"
"""The first segment of their paths, behind that of the world."""
_DIGITS = 32
_LONGEST_NUMBER = 15


class OutputAddress(NamedTuple):
    """One address, read."""

    task: str
    number: int
    expires: int
    signature: str


def output_expiry(task: Task, now: float) -> int:
    """Return when addresses that are made now expire, in whole POSIX seconds of the world."""
    lifetime_s = task.plan.output_lifetime_s
    return math.ceil(now + lifetime_s) if lifetime_s else math.floor(now)


def same_addresses_until(task: Task, now: float) -> float:
    """Return an instant before which a GET gives the same addresses as at `now`."""
    lifetime_s = task.plan.output_lifetime_s
    if not lifetime_s:
        return math.floor(now) + 1.0
    last = output_expiry(task, now) - lifetime_s
    # a GET at `last` itself expires then, if the sum is exact, as with whole seconds
    return math.nextafter(last, math.inf) if last + lifetime_s <= output_expiry(task, now) else now


def output_urls(task: Task, *, base: str, draws: Draws, now: float) -> list[str]:
    """Return an address for each output of a task that has succeeded.

    Args:
        base: where the world is, such as `http://127.0.0.1:4010/w/name`.
    """
    if not task.plan.has_output:
        return []
    expires = output_expiry(task, now)
    form = task.request.output
    return [
        _address(task, index, form.format, base=base, draws=draws, expires=expires)
        for index in range(form.files)
    ]


def node_urls(task: Task, *, base: str, draws: Draws, now: float) -> dict[str, list[str]]:
    """Return the addresses of what nodes of a workflow's run have made, by node id."""
    expires = output_expiry(task, now)
    return {
        node: [
            _address(task, number, form.format, base=base, draws=draws, expires=expires)
            for number, form in files.items()
        ]
        for node, files in task.files_of_nodes(now).items()
    }


def _address(task: Task, index: int, ending: str, *, base: str, draws: Draws, expires: int) -> str:
    signature = _signature(draws, task.id, index, expires)
    query = urlencode({"expires": expires, "signature": signature})
    return f"{base}/{ROOT}/{task.id}/{index}.{ending}?{query}"


def asset_url(asset_id: str, name: str, *, base: str, draws: Draws, now: float) -> str:
    """Return an address of a file of a stored resource.

    Args:
        name: of the file, a number from 0 and an ending, such as `0.png`.
        base: as of `output_urls`.
    """
    expires = math.ceil(now + ASSET_LIFETIME_S)
    signature = _signature(draws, asset_id, int(name.partition(".")[0]), expires)
    query = urlencode({"expires": expires, "signature": signature})
    return f"{base}/{ROOT}/{asset_id}/{name}?{query}"


def read_address(segments: tuple[str, ...], query: Mapping[str, str]) -> OutputAddress | None:
    """Return what the path and the query of an address say; None: it is none.

    Args:
        segments: of the path, without those of the world.
    """
    expires = query.get("expires", "")
    if len(segments) != 3 or segments[0] != ROOT or not _is_number(expires):
        return None
    index, _, _ = segments[2].partition(".")
    if not _is_number(index):
        return None
    return OutputAddress(segments[1].lower(), int(index), int(expires), query.get("signature", ""))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER


def is_valid(address: OutputAddress, *, draws: Draws, now: float) -> bool:
    """Return whether a world has made this address, and it has not expired."""
    signature = _signature(draws, address.task, address.number, address.expires)
    return address.signature == signature and now < address.expires


def output_seed(draws: Draws, task: Task, index: int) -> bytes:
    """Return what the content of an output follows from."""
    return draw(draws.seed, draws.world, f"output {index}", task.ordinal)


def _signature(draws: Draws, task_id: str, index: int, expires: int) -> str:
    what = f"address {task_id} {index}"
    return draw(draws.seed, draws.world, what, expires).hex()[:_DIGITS]
