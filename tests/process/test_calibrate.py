"""`fake-runway calibrate`, as a command against a fake as a process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.processes import running

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "calibrating-secret"


async def calibrated(*options: str, **environment: str) -> tuple[int, str, str]:
    """Run the command to its end; return exit code, output and errors."""
    async with running("fake_runway", "calibrate", *options, **environment) as program:
        lines = await program.rest()
        errors = await program.errors()
        return await program.exit_code(), lines, errors


async def test_a_run_writes_a_scenario_that_a_fake_follows(tmp_path: Path) -> None:
    """The table says what differs, the file has that alone, and nothing shows the secret."""
    file = tmp_path / "real.yaml"
    odd = ("--delete-again=404", "--expires-in=45s", "--time-scale=50")
    async with running("fake_runway", "serve", "--port=0", *odd) as fake:
        url = (await fake.line(containing="fake Runway:")).split()[-1]
        code, table, errors = await calibrated(
            f"--base-url={url}/v1/",
            "--yes",
            "--max-credits=15",
            "--time-scale=50",
            f"--output={file}",
            RUNWAYML_API_SECRET=SECRET,
        )
    assert code == 0, errors
    rows = {line.split()[0]: line.split()[1:4] for line in table.splitlines() if line.strip()}
    assert rows["delete_again"][:2] == ["204", "404"]
    assert rows["expires_in"][:2] == ["300s", "45s"]
    assert rows["version_header"] == ["required", "=", "required"]
    assert "left out: a task that is cancelled: needs --max-credits" in errors
    written = file.read_text()
    assert "delete_again: 404" in written
    assert "expires_in: 45s" in written
    assert "version_header" not in written
    assert SECRET not in table + errors + written
    async with running("fake_runway", "scenarios", "validate", str(file)) as check:
        assert "fine (calibrated)" in await check.line()


async def test_wrong_usage_says_what_is_expected(tmp_path: Path) -> None:
    """Before anything is called; and no endpoint is called without a word, wherever it is."""
    for options, environment, expected in (
        ([], {"RUNWAYML_BASE_URL": ""}, "expected --base-url"),
        (["--base-url=ftp://x"], {}, "expected an address such as https://host"),
        (["--base-url=https://a:b@x"], {}, "expected an address without a secret"),
        (["--base-url=http://127.0.0.1:1"], {"RUNWAYML_API_SECRET": ""}, "expected an API secret"),
        (["--har=/no/such.har"], {}, "No such file"),
        (["--base-url=http://127.0.0.1:1"], {}, "Aborted"),
    ):
        code, _, errors = await calibrated(
            *options, **{"RUNWAYML_API_SECRET": SECRET} | environment
        )
        assert code != 0
        assert expected in errors, (options, errors)
        assert SECRET not in errors
    nothing = ("--base-url=http://127.0.0.1:1", "--yes")
    code, _, errors = await calibrated(*nothing, RUNWAYML_API_SECRET=SECRET)
    assert code == 3
    assert "no answer" in errors
