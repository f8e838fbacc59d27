"""`fake-runway man`: man pages of all commands of this package, made from their help."""

from collections.abc import Iterator
from importlib import import_module
from inspect import cleandoc
from pathlib import Path

import click

from fake_runway.cli.later import loaded
from fake_runway.version import __version__

_PROGRAMS = {
    "fake-runway": "fake_runway.cli.main",
    "runway-gateway": "gateway.cli",
    "runway-contracts": "contracts.cli",
}
_UNWRAPPED = "\b"
_SECTION = 1

Page = tuple[str, click.Context]


@click.command()
@click.argument("command", nargs=-1)
@click.option(
    "--write",
    "folder",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the pages of all commands there, such as ~/.local/share/man/man1.",
)
def man(*, command: tuple[str, ...], folder: Path | None) -> None:
    """Print a man page of a command, or write those of all.

    \b
    fake-runway man serve | man -l -
    fake-runway man runway-gateway serve
    fake-runway man --write ~/.local/share/man/man1     # then: man fake-runway-serve
    """
    if (folder is None) == (not command):
        raise click.UsageError("expected a COMMAND or --write FOLDER")
    if folder is not None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, ctx in pages():
                (folder / f"{name}.{_SECTION}").write_text(written(name, ctx), encoding="utf-8")
        except OSError as error:
            raise click.UsageError(f"{folder}: {error.strerror}") from None
        click.echo(f"wrote the pages to {folder}")
        return
    wanted = "-".join(command if command[0] in _PROGRAMS else ("fake-runway", *command))
    found = dict(pages())
    if wanted not in found:
        raise click.UsageError(f"there is no command {' '.join(command)!r}")
    click.echo(written(wanted, found[wanted]), nl=False)


def pages() -> Iterator[Page]:
    """Yield the name of each page, and the context of its command."""
    for program, module in _PROGRAMS.items():
        yield from _below(program, import_module(module).main, None)


def _below(name: str, command: click.Command, parent: click.Context | None) -> Iterator[Page]:
    command = loaded(command)
    label = (
        name if parent is None else name.removeprefix(f"{parent.command_path}-".replace(" ", "-"))
    )
    ctx = click.Context(command, parent=parent, info_name=label, **command.context_settings)
    yield name, ctx
    if isinstance(command, click.Group):
        for inner, each in command.commands.items():
            if not each.hidden:
                yield from _below(f"{name}-{inner}", each, ctx)


def written(name: str, ctx: click.Context) -> str:
    """Return a page as roff."""
    command = ctx.command
    about, *rest = _paragraphs(command.help or "")
    usage = " ".join(command.collect_usage_pieces(ctx))
    lines = [
        f'.TH {_quoted(name.upper())} {_SECTION} "" {_quoted(f"fake-runway {__version__}")}',
        ".SH NAME",
        f"{_text(name)} \\- {_text(about.rstrip('.'))}",
        ".SH SYNOPSIS",
        f".B {_text(ctx.command_path)}",
        _text(usage),
    ]
    if rest:
        lines.append(".SH DESCRIPTION")
    for paragraph in rest:
        plain = paragraph.startswith(_UNWRAPPED)
        body = paragraph.removeprefix(_UNWRAPPED).strip("\n")
        lines += [".PP", *([".nf"] if plain else [])]
        lines += [_text(line) for line in body.splitlines()]
        lines += [".fi"] if plain else []
    records = [each.get_help_record(ctx) for each in command.get_params(ctx)]
    options = [each for each in records if each is not None]
    if options:
        lines.append(".SH OPTIONS")
    for option, help_text in options:
        lines += [".TP", f".B {_text(option)}", _text(" ".join(help_text.split()))]
    if isinstance(command, click.Group):
        lines.append(".SH COMMANDS")
        for inner, each in sorted(command.commands.items()):
            if not each.hidden:
                lines += [".TP", f".BR {_text(name)}\\-{_text(inner)} (1)"]
                lines.append(_text(each.get_short_help_str(limit=200)))
    return "\n".join(line for line in lines if line) + "\n"


def _paragraphs(text: str) -> list[str]:
    return [each for each in cleandoc(text).split("\n\n") if each.strip()] or [""]


def _text(text: str) -> str:
    """Return a text as roff shows it: no line of it is a request, and hyphens can be copied."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


def _quoted(text: str) -> str:
    return '"' + text.replace('"', "") + '"'
