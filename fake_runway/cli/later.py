"""Commands that are imported when they are called, and the defaults that their help shows."""

from collections.abc import Callable

import click


class Later(click.Command):
    """Stands in for a command until it is called.

    Args:
        about: the first sentence of the command's own help; a test compares.
        load: imports the command.
    """

    def __init__(self, name: str, about: str, load: Callable[[], click.Command]) -> None:
        super().__init__(name, help=about)
        self.load = load


def loaded(command: click.Command) -> click.Command:
    """Return what a stand-in stands for; any other command itself."""
    if not isinstance(command, Later):
        return command
    found = command.load()
    show_defaults(found)
    return found


def show_defaults(command: click.Command) -> None:
    """Let the help of a command and of those below it name the default of every option."""
    for option in command.params:
        if isinstance(option, click.Option) and not option.is_flag and not option.required:
            unsaid = option.show_default is None and "[default: " not in (option.help or "")
            if unsaid:
                has_one = option.to_info_dict()["default"] is not None
                option.show_default = True if has_one else "none"
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        show_defaults(inner)
