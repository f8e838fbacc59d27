"""My 30 s time-out, tested three ways; none of them takes 30 s."""

import pytest
from flow import NotInTime, ready_session
from runwayml import RunwayML

AVATAR = "music-superstar"


@pytest.fixture
def runway(fake_runway, monkeypatch):
    """The official client, pointed at the test's world."""
    fake_runway.use(monkeypatch)
    return RunwayML()


@pytest.mark.fake_runway("never-ready")
def test_a_short_deadline(runway, fake_runway):
    """1. The deadline is a parameter, and the test passes a short one. Real time, no clock."""
    with pytest.raises(NotInTime):
        ready_session(runway, AVATAR, deadline_s=0.2, sleep=lambda _: None)
    assert [each.state for each in fake_runway.sessions.list()] == ["cancelled"]


@pytest.mark.fake_runway("ready-at-the-last-moment", rate=0)  # after 29 s
def test_the_real_deadline_on_the_clock_of_the_world(runway, fake_runway):
    """2. The flow's clock is the world's: 29 s pass by jumps, with the real numbers."""
    clock = fake_runway.clock
    assert ready_session(runway, AVATAR, now=clock.now, sleep=clock.jump)
    assert clock.now() - fake_runway.look().epoch == pytest.approx(29, abs=1)


@pytest.mark.fake_runway("ready-too-late", rate=0)  # after 31 s
def test_one_second_too_late(runway, fake_runway):
    """The other side of the limit: the session is cancelled, and nothing is left behind."""
    clock = fake_runway.clock
    with pytest.raises(NotInTime):
        ready_session(runway, AVATAR, now=clock.now, sleep=clock.jump)
    assert [each.state for each in fake_runway.sessions.list()] == ["cancelled"]
    assert fake_runway.findings() == []


@pytest.mark.fake_runway("ready-too-late", rate=0)
def test_code_that_cannot_be_told(runway, fake_runway, monkeypatch):
    """3. Fake timers: the module's clock is replaced, and moves the world's along."""
    clock = fake_runway.clock
    monkeypatch.setitem(ready_session.__kwdefaults__, "now", clock.now)
    monkeypatch.setitem(ready_session.__kwdefaults__, "sleep", clock.jump)
    with pytest.raises(NotInTime):
        ready_session(runway, AVATAR)
