"""Who waits for what in a world: a call or a change wakes only those whose wait it may end.

Thousands of waits may stand at once, and a call must not ask each of them. So watches are filed
under what they are about: the operation and the subject of a call, the id of a resource.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, NamedTuple, TypeVar

from fake_runway.clock import call_after
from fake_runway.core.values import dataclass

T = TypeVar("T")


class Topic(NamedTuple):
    """What a watch is about: an operation's id and a resource's id; an empty one means any."""

    operation: str = ""
    subject: str = ""


class _Watch(NamedTuple, Generic[T]):
    wanted: Callable[[T], bool]
    seen: asyncio.Event


class Watches(Generic[T]):
    """The watches for one kind of thing: calls, or resources that changed.

    Attributes:
        by_topic: empty while there is no watch, which each call asks.
    """

    def __init__(self) -> None:
        self.by_topic: dict[Topic, dict[int, _Watch[T]]] = {}

    @contextmanager
    def watching(self, topic: Topic, wanted: Callable[[T], bool]) -> Iterator[asyncio.Event]:
        """Give an event that is set by each thing of the topic that is `wanted`."""
        watch = _Watch(wanted, asyncio.Event())
        self.by_topic.setdefault(topic, {})[id(watch)] = watch
        try:
            yield watch.seen
        finally:
            filed = self.by_topic[topic]
            del filed[id(watch)]
            if not filed:
                del self.by_topic[topic]

    def show(self, thing: T, topic: Topic) -> None:
        """Set the events of those who want `thing`."""
        operation, subject = topic
        for key in {topic, Topic(operation), Topic("", subject), Topic()}:
            for watch in self.by_topic.get(key, {}).values():
                if watch.wanted(thing):
                    watch.seen.set()

    def wake_all(self) -> None:
        """Set every event."""
        for filed in self.by_topic.values():
            for watch in filed.values():
                watch.seen.set()


_RUNG_IN_A_TURN = 16


@dataclass(eq=False, slots=True)
class Alarm:
    """Sets `seen` when the time is up, and has `rung` then."""

    seen: asyncio.Event
    rung: bool = False


class Alarms:
    """Wakes those whose time is up, some in each turn of the loop.

    Thousands may wait for the same moment, and each does something when it is woken: all in one
    turn would hold up everybody else.
    """

    def __init__(self) -> None:
        self._due: deque[Alarm] = deque()

    @contextmanager
    def after(self, seconds: float, seen: asyncio.Event) -> Iterator[Alarm]:
        """Give an alarm that rings after so many seconds of real time."""
        alarm = Alarm(seen)
        timer = call_after(seconds, lambda: self._add(alarm))
        try:
            yield alarm
        finally:
            timer.cancel()

    def _add(self, alarm: Alarm) -> None:
        self._due.append(alarm)
        if len(self._due) == 1:
            asyncio.get_running_loop().call_soon(self._ring)

    def _ring(self) -> None:
        for _ in range(min(_RUNG_IN_A_TURN, len(self._due))):
            alarm = self._due.popleft()
            alarm.rung = True
            alarm.seen.set()
        if self._due:
            asyncio.get_running_loop().call_soon(self._ring)
