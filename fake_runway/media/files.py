"""Which file an output of a task is."""

from fake_runway.core.tasks.task import OutputForm, Task
from fake_runway.media.wanted import FORMATS, Format, Wanted

_SPELLED: dict[str, str] = {"jpg": "jpeg"}
_SIZE = (1280, 720)  # of what is documented without one
_SECONDS = 5.0


def wanted_of(
    task: Task, index: int, *, seed: bytes, form: OutputForm | None = None
) -> Wanted | None:
    """Return what an output is to be; None: this fake cannot make its format.

    The prompt is not in it, because tasks do not keep theirs.

    Args:
        index: which of the task's outputs, from 0.
        form: its form; None: that of all outputs of the task.
        seed: the same gives the same bytes.
    """
    form = form or task.request.output
    name = _SPELLED.get(form.format, form.format)
    format_: Format | None = next((each for each in FORMATS if each == name), None)
    if format_ is None:
        return None
    width, height = (form.width, form.height) if form.width and form.height else _SIZE
    return Wanted(
        format=format_,
        width=width,
        height=height,
        seconds=form.seconds or _SECONDS,
        seed=int.from_bytes(seed[:4]),
        index=index,
        model=task.request.model,
        task_id=task.id,
    )
