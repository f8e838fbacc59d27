"""Which file an output of a task is."""

import pytest

from fake_runway.core.task_calls import create_task
from fake_runway.core.tasks.task import OutputForm, Task
from fake_runway.media.files import wanted_of
from fake_runway.media.wanted import FORMATS
from tests.unit.fake_runway.core.playing import START
from tests.unit.fake_runway.core.tasks.playing import MOVIE, account_with

SEED = bytes(range(16))


def task(form: OutputForm) -> Task:
    """Return a task that makes such files."""
    return create_task(account_with(), MOVIE._replace(output=form), at=START)


@pytest.mark.parametrize("name", [*FORMATS, "jpg"])
def test_each_format_is_wanted_as_the_task_says(name: str) -> None:
    """Size, length and number; the task and its model are named in the file."""
    made = task(OutputForm(name, 4, 640, 360, 7.5))
    wanted = wanted_of(made, 3, seed=SEED)

    assert wanted is not None
    assert wanted.format == ("jpeg" if name == "jpg" else name)
    assert (wanted.width, wanted.height, wanted.seconds, wanted.index) == (640, 360, 7.5, 3)
    assert (wanted.task_id, wanted.model) == (made.id, made.request.model)


def test_what_is_not_documented_has_a_usual_size_and_length() -> None:
    """Such as a film whose body names no ratio."""
    wanted = wanted_of(task(OutputForm("mp4")), 0, seed=SEED)

    assert wanted is not None
    assert (wanted.width, wanted.height, wanted.seconds) == (1280, 720, 5.0)


@pytest.mark.parametrize("name", ["exr", "prores"])
def test_what_cannot_be_made_is_nothing(name: str) -> None:
    """The download says so."""
    assert wanted_of(task(OutputForm(name)), 0, seed=SEED) is None


def test_the_seed_decides() -> None:
    """Another task, or another output, looks different."""
    seeds = {wanted_of(task(OutputForm("png")), 0, seed=bytes([n] * 16)) for n in range(9)}

    assert len(seeds) == 9
