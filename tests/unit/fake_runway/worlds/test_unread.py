"""Which answers may be unread when a request is sent: laws over any order of what a server sees."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from fake_runway.core.lifecycles.vocabulary import NO_SUBJECT, Subject
from fake_runway.worlds.unread import MOST_UNREAD, UnreadAnswers
from tests.unit.fake_runway.core.playing import LAW

ONE, OTHER = Subject("session", "1"), Subject("session", "2")
USE = "consumeSession"


@dataclass(eq=False)
class Wire:
    """A connection of a client."""

    closed: bool = False

    def is_closing(self) -> bool:
        """Return whether it is closed."""
        return self.closed


@dataclass(eq=False)
class Sent:
    """A request as the history has it. `read_at`: the step at which its answer was surely read."""

    wire: Wire
    subject: Subject
    began_at: int
    number: int = -1
    unread: tuple[int, ...] = ()
    read_at: float = float("inf")


@dataclass
class History:
    """What a server sees, step by step, beside the tracker that is told of it."""

    answers: UnreadAnswers = field(default_factory=UnreadAnswers)
    sent: list[Sent] = field(default_factory=list)
    step: int = 0
    number: int = 0

    def begin(self, wire: Wire, subject: Subject = ONE) -> Sent:
        """Begin a request; the connection's last one was read."""
        self.step += 1
        self._read(wire)
        self.answers.begin(wire, subject, USE)
        self.sent.append(Sent(wire, subject, self.step))
        return self.sent[-1]

    def apply(self, sent: Sent) -> None:
        """Apply a request, which gives its exchange the next number."""
        self.step += 1
        sent.unread = self.answers.before(sent.wire) or ()
        sent.number, self.number = self.number, self.number + 1
        self.answers.applied(sent.wire, sent.number)

    def close(self, wire: Wire) -> None:
        """Close a connection, as a client does that has read its last answer."""
        self.step += 1
        self._read(wire)
        wire.closed = True

    def _read(self, wire: Wire) -> None:
        for each in self.sent:
            if each.wire is wire and each.read_at == float("inf"):
                each.read_at = self.step


actions = st.lists(
    st.tuples(
        st.sampled_from(["begin", "begin", "apply", "close"]),
        st.integers(0, 3),
        st.sampled_from([ONE, ONE, OTHER, NO_SUBJECT]),
    ),
    max_size=40,
)


@LAW
@given(actions=actions)
def test_exactly_what_was_not_read_before_a_request_began_may_be_unread(
    actions: list[tuple[str, int, Subject]],
) -> None:
    """For any connections, and bodies that take any time to arrive."""
    history, wires = History(), [Wire() for _ in range(4)]
    under_way: dict[int, Sent] = {}
    for what, index, subject in actions:
        if what == "begin" and index not in under_way:
            under_way[index] = history.begin(wires[index], subject)
        elif what == "apply" and index in under_way:
            history.apply(under_way.pop(index))
        elif what == "close" and index not in under_way:
            history.close(wires[index])
            wires[index] = Wire()

    for mine in history.sent:
        may_be_unread = [
            other.number
            for other in history.sent
            if other is not mine
            and other.subject == mine.subject != NO_SUBJECT
            and 0 <= other.number < mine.number
            and other.read_at > mine.began_at
        ]
        assert mine.unread == tuple(sorted(may_be_unread))


def test_requests_of_another_operation_are_not_compared() -> None:
    """A poll whose answer is unread says nothing of a consume."""
    answers, wires = UnreadAnswers(), (Wire(), Wire())
    answers.begin(wires[0], ONE, "getSession")
    answers.applied(wires[0], 5)
    answers.begin(wires[1], ONE, USE)
    assert answers.before(wires[1]) == ()


def test_a_request_that_was_rejected_early_does_not_stand_for_the_one_before() -> None:
    """It became an exchange without having begun here; the answer before keeps its number."""
    answers, wires = UnreadAnswers(), (Wire(), Wire())
    for wire, number in ((wires[0], 5), (wires[0], 6)):
        if number == 5:
            answers.begin(wire, ONE, USE)
        answers.applied(wire, number)
    answers.begin(wires[1], ONE, USE)
    assert answers.before(wires[1]) == (5,)


def test_what_is_remembered_is_bounded() -> None:
    """Of very many open connections the newest count; those that were closed are forgotten."""
    history = History()
    for _ in range(3 * MOST_UNREAD):
        history.apply(history.begin(Wire()))
    assert len(history.sent[-1].unread) == MOST_UNREAD
    assert max(history.sent[-1].unread) == history.number - 2
    for number in range(2_000):
        wire = Wire()
        history.apply(history.begin(wire, Subject("session", f"of {number}")))
        history.close(wire)
    assert len(history.answers) < 3 * MOST_UNREAD * 2 + 2
