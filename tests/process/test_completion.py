"""The commands in a shell that completes them."""

import asyncio
import os
import shutil
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from fake_runway.cli.main import main
from tests.support.processes import PATIENCE_S


def programs(folder: Path) -> dict[str, str]:
    """Write the commands where a shell finds them, and return its environment."""
    modules = {"fake-runway": "fake_runway.cli.main", "runway-contracts": "contracts.cli"}
    for name, module in modules.items():
        # the name by which it is called says which variable asks it for completions
        code = f"import sys; sys.argv[0] = '{name}'; from {module} import main; main()"
        (folder / name).write_text(f'#!/bin/sh\nexec {sys.executable} -c "{code}" "$@"\n')
        (folder / name).chmod(0o755)
    return os.environ | {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("fake-runway ses", "session"),
        ("fake-runway session l", "list"),
        ("fake-runway session list --st", "--state"),
        ("fake-runway session list --state prov", "provisioning"),
        ("runway-contracts check --prof", "--profile"),
    ],
)
async def test_bash_completes_commands_options_and_choices(
    tmp_path: Path, typed: str, expected: str
) -> None:
    """As if the tabulator key were pressed."""
    if (bash := shutil.which("bash")) is None:
        pytest.skip("needs bash")
    program, *words = typed.split(" ")
    script = CliRunner().invoke(main, ["completion", "bash"]).stdout
    function = f"_{program.replace('-', '_')}_completion"
    script += f"\nCOMP_WORDS=({program} {' '.join(words)}); COMP_CWORD={len(words)}"
    script += f"\n{function} {program}; printf '%s\\n' \"${{COMPREPLY[@]}}\"\n"
    process = await asyncio.create_subprocess_exec(
        bash,
        "-c",
        script,
        stdout=asyncio.subprocess.PIPE,
        env=programs(tmp_path),
    )
    async with asyncio.timeout(PATIENCE_S):
        output, _ = await process.communicate()
    assert output.decode().split() == [expected]


@pytest.mark.parametrize("shell", ["bash", "fish", "zsh"])
def test_each_shell_gets_all_three_commands(shell: str) -> None:
    """In its own words."""
    output = CliRunner().invoke(main, ["completion", shell]).stdout
    for program in ("fake-runway", "runway-contracts", "runway-gateway"):
        assert f"_{program.replace('-', '_').upper()}_COMPLETE={shell}_complete" in output
