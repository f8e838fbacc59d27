"""`fake-runway prices`: what each model costs on the fake, and how sure that is."""

import json
from collections.abc import Iterator

import click

from fake_runway.core.tasks.models import MONTHLY_CREDITS, TIERS, Model, Quota
from fake_runway.core.tasks.orders import CHARACTERS_PER_S, DEFAULT_INPUT_S, Length, Output
from fake_runway.core.tasks.prices import DEFAULT_PRICE
from fake_runway.core.tasks.table import MODELS

_UNKNOWN = "unknown"
_HEADINGS = {Output.VIDEO: "Videos", Output.IMAGE: "Images", Output.AUDIO: "Sounds"}
_LENGTHS = {Length.INPUT: "as long as the input", Length.TEXT: "as long as the text"}
_HEAD = f"""\
# Prices

What a task costs on the fake, in credits; one credit is 0.01 US dollars. A test keeps this page as
`fake-runway prices --markdown` writes it, from the table that the fake charges by. Prices change
without notice, and some are guesses:

| Certainty | Where the price comes from |
|---|---|
| high | two or more independent copies of Runway's page on prices agree |
| medium | one copy |
| low | arithmetic or hearsay |
| none | nothing is known; a task costs {DEFAULT_PRICE:g} credits |

"Price page" is Runway's own in public copies of August to October 2026, "calculator" a public copy
of its calculator, "Python SDK" the texts of `runwayml` 5.24.0, "skills" the repository
runwayml/skills, "observed" balances that people compared.

An estimate may be a fraction; what is charged is rounded up. "Where left out" is what a body means
that does not say it: mostly assumed, because nothing is published. Also assumed: how long a task
runs; that an input which is not read lasts {DEFAULT_INPUT_S:g} s and is 1280:720; that speech has
{CHARACTERS_PER_S:g} characters a second.
"""
_LIMITS = """\
## Limits

For each model and project. More generations at once are THROTTLED, more in 24 hours are refused.
Runway publishes five columns without their names; which is which is known from one account of the
first tier.
"""


@click.command()
@click.option("--json", "form", flag_value="json", help="For programs.")
@click.option("--markdown", "form", flag_value="markdown", help="As in docs/prices.md.")
def prices(form: str | None) -> None:
    """What each model costs on the fake, and how sure that is."""
    match form:
        case "json":
            click.echo(json.dumps([_data(each) for each in MODELS], indent=2))
        case "markdown":
            click.echo("\n".join(_page()))
        case _:
            width = max(len(each.id) for each in MODELS) + 2
            for each in MODELS:
                click.echo(f"{each.id:<{width}}{_price(each)}  ({each.certainty.value})")


def _data(model: Model) -> dict[str, object]:
    return {
        "model": model.id,
        "endpoints": list(model.endpoints),
        "output": model.output.value,
        "price": _price(model),
        "certainty": model.certainty.value,
        "source": model.source,
        "defaults": dict(model.defaults),
        "typicalSeconds": model.typical_s,
    }


def _page() -> Iterator[str]:
    yield _HEAD
    for output, heading in _HEADINGS.items():
        yield f"## {heading}\n"
        yield "| Model | Endpoints | Credits | Where left out | Runs for | Certainty | Source |"
        yield "|---|---|---|---|---|---|---|"
        for model in MODELS:
            if model.output is output:
                yield f"| {' | '.join(_cells(model))} |"
        yield ""
    yield _LIMITS
    tiers = range(1, len(MONTHLY_CREDITS) + 1)
    yield f"| | {' | '.join(f'Tier {tier}' for tier in tiers)} |"
    yield f"|---|{'---|' * len(tiers)}"
    for quota in Quota:
        limits = [f"{each.concurrent} at once, {each.daily:,} a day" for each in TIERS[quota]]
        yield f"| {quota.value} | {' | '.join(limits)} |"
    yield f"| credits a month | {' | '.join(f'{each:,}' for each in MONTHLY_CREDITS)} |"


def _cells(model: Model) -> tuple[str, ...]:
    said = [f"{key} {value}" for key, value in model.defaults.items() if value != ""]
    if model.output is not Output.IMAGE and model.length in _LENGTHS:
        said.insert(0, _LENGTHS[model.length])
    return (
        f"`{model.id}`",
        ", ".join(f"`{each}`" for each in model.endpoints),
        _price(model),
        ", ".join(said),
        f"{model.typical_s:g} s",
        model.certainty.value,
        model.source,
    )


def _price(model: Model) -> str:
    return model.price.words() if model.price else _UNKNOWN
