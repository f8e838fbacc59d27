"""What a project says of the fakes that its tests start: pytest's ini keys, then its own file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fake_runway.server.options import option_names
from fake_runway.server.project import project_of

_OF_A_COMMAND = ("host", "port", "log_level", "log_format", "admin_token", "seed_file")
"""The options that are about a server for people."""


def of_project(
    folder: Path, *, seed: str | None, scenario: str | None, rate: str | None
) -> Mapping[str, Any]:
    """Return keyword arguments of `embedded.configuration` for the tests in a folder.

    Args:
        seed, scenario, rate: what is stronger than the project's file; None: nothing is.

    Raises:
        ValueError: the file is wrong, or the rate.
    """
    options = {
        key: value
        for key, value in project_of(folder, option_names).options.items()
        if key not in _OF_A_COMMAND
    }
    if "time_scale" in options:
        options["rate"] = float(options.pop("time_scale"))
    if seed is not None or "seed" in options:
        options["seed"] = str(options.get("seed") if seed is None else seed)
    if scenario is not None:
        options["scenario"] = _placed(folder, scenario)
    if rate is not None:
        options["rate"] = float(rate)
    return options


def _placed(folder: Path, scenario: str) -> str | Sequence[str]:
    beside = folder / scenario
    return str(beside) if scenario.endswith((".yaml", ".yml")) and beside.exists() else scenario
