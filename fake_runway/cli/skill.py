"""`fake-runway skill`: what a coding agent needs to know, as a file for its folder of skills."""

from importlib.resources import files

import click


@click.command()
def skill() -> None:
    """Print what a coding agent needs to know to use all this.

    \b
    Put it where yours looks for skills, for example
      mkdir -p .claude/skills/fake-runway
      fake-runway skill > .claude/skills/fake-runway/SKILL.md
    """
    text = files("fake_runway").joinpath("SKILL.md").read_text(encoding="utf-8")
    click.echo(text, nl=False)
