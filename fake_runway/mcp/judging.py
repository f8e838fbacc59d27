"""The judge as a tool: a run of `runway-contracts check`, and what it found, for a model."""

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from fake_runway.core.types import Json

NAME = "judgeEndpoint"
ABOUT = (
    "Judge a connect endpoint in any language: play Runway and its callers, and say which"
    " requirements it breaks, with what was expected and what came. A command starts the endpoint"
    " with RUNWAYML_BASE_URL and RUNWAYML_API_SECRET set, and is stopped afterwards. Mend what is"
    " named first, and judge again."
)
SCHEMA: Json = {
    "type": "object",
    "properties": {
        "target": {
            "type": "string",
            "description": "The address of the endpoint: http://127.0.0.1:3000/api/avatar/connect",
        },
        "command": {
            "type": "array",
            "items": {"type": "string"},
            "minItems": 1,
            "description": 'What starts it, such as ["npm", "start"].',
        },
        "folder": {"type": "string", "description": "Where the command is run."},
        "profile": {"enum": ["quick", "full"], "default": "quick"},
        "only": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Only requirements whose id begins so, such as cancel.",
        },
        "timeout": {
            "type": "string",
            "description": "The endpoint's own deadline, such as 10s. Default: 30s.",
        },
    },
    "required": ["target", "command"],
    "additionalProperties": False,
}
WITHIN_S = 900.0
_MOST_FINDINGS = 12
_MOST_TEXTS = 3
_MOST_CALLS = 12
_MOST_OF_A_BODY = 300
_LAST_WORDS = 2_000


async def judged(arguments: Json) -> Json:
    """Run the judge, and return what it found."""
    with tempfile.TemporaryDirectory(prefix="fake-runway-") as folder:
        report = Path(folder) / "report.json"
        process = await asyncio.create_subprocess_exec(
            *command_of(arguments, report),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            cwd=arguments.get("folder"),
        )
        try:
            async with asyncio.timeout(WITHIN_S):
                _, errors = await process.communicate()
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()
        if not report.exists():
            words = errors.decode(errors="replace")[-_LAST_WORDS:]
            return {"exit_code": process.returncode, "not_judged": words}
        return summary_of(json.loads(report.read_text()), process.returncode or 0)


def command_of(arguments: Json, report: Path) -> list[str]:
    """Return the command that judges."""
    options = [f"--target={arguments['target']}", f"--report=json={report}"]
    options.append(f"--profile={arguments.get('profile', 'quick')}")
    options += [f"--only={each}" for each in arguments.get("only", ())]
    if "timeout" in arguments:
        options.append(f"--timeout={arguments['timeout']}")
    return [sys.executable, "-m", "contracts", "check", *options, "--", *arguments["command"]]


def summary_of(report: Json, exit_code: int) -> Json:
    """Return of a report what is broken, each with its evidence; how many passed; and no more."""
    requirements = report["requirements"]
    broken = [each for each in requirements if each["outcome"] == "fail" and each["level"] != "MAY"]
    outcomes = [each["outcome"] for each in requirements]
    situations = {each["id"]: each for each in report["situations"]}
    causes = {key: report[key] for key in ("nothing_judged", "no_connect") if report.get(key)}
    return {
        "exit_code": exit_code,
        "passed": report["passed"],
        **causes,
        "counts": {outcome: outcomes.count(outcome) for outcome in sorted(set(outcomes))},
        "broken": [_broken(each, situations) for each in broken[:_MOST_FINDINGS]],
        "more_broken": [each["id"] for each in broken[_MOST_FINDINGS:]],
        "next": "runway-contracts explain ID has the reason and the repair of each in code",
    }


def _broken(requirement: Json, situations: Json) -> dict[str, Any]:
    first, *others = requirement["findings"]
    situation = situations[first["situation"]]
    return {
        **{key: requirement[key] for key in ("id", "level", "text")},
        "situation": f"{situation['id']}: {situation['about']}",
        "found": first["texts"][:_MOST_TEXTS],
        "caller_got": [
            {"status": each["status"], "body": each["body"][:_MOST_OF_A_BODY]}
            for each in situation["answers"][:_MOST_TEXTS]
        ],
        "runway_got": [
            f"{each['method']} {each['path']} -> {each['status']}"
            for each in situation["upstream"][:_MOST_CALLS]
        ],
        "also_in": [each["situation"] for each in others],
    }
