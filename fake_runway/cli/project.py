"""The project's configuration for commands that serve: as the defaults of their options."""

import sys
from pathlib import Path

import click

from fake_runway.server.options import option_names
from fake_runway.server.project import Project, ProjectError, project_of

_EXIT_USAGE = 2


def project_here() -> Project:
    """Return what holds in the working directory; what is wrong in it ends the command."""
    try:
        return project_of(Path.cwd(), option_names)
    except ProjectError as error:
        click.echo(f"fake-runway: {error}", err=True)
        sys.exit(_EXIT_USAGE)


class OfProject(click.Command):
    """A command whose options have defaults of the project's own."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: object,
    ) -> click.Context:
        """Return a context with these defaults."""
        project = project_here()
        options, typed = dict(project.options), list(args)  # click takes its list apart
        try:
            return super().make_context(
                info_name,
                args,
                parent,
                **{"default_map": options, **extra},
            )
        except click.BadParameter as error:
            name = error.param.name if error.param is not None else None
            if name in options and not any(arg.startswith(_option(error)) for arg in typed):
                raise click.BadParameter(
                    f"{error.message} (in {project.file})", ctx=error.ctx, param=error.param
                ) from None
            raise


def _option(error: click.BadParameter) -> str:
    return error.param.opts[0] if error.param is not None else ""
