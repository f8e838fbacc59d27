"""`fake-runway completion`: the shell knows commands and options."""

import click
from click.shell_completion import BashComplete, FishComplete, ZshComplete

_SHELLS = {"bash": BashComplete, "fish": FishComplete, "zsh": ZshComplete}
_PROGRAMS = ("fake-runway", "runway-contracts", "runway-gateway")


@click.command()
@click.argument("shell", type=click.Choice(sorted(_SHELLS)))
def completion(*, shell: str) -> None:
    """Print what completes these commands in a shell.

    All three commands of this package: fake-runway, runway-contracts, runway-gateway.

    \b
    Put it where the shell reads it when it starts
      bash: fake-runway completion bash >> ~/.bashrc
      zsh:  fake-runway completion zsh >> ~/.zshrc       # after its compinit
      fish: fake-runway completion fish > ~/.config/fish/conf.d/fake-runway.fish
    """
    for program in _PROGRAMS:
        variable = f"_{program.replace('-', '_').upper()}_COMPLETE"
        command = click.Command(program)
        click.echo(_SHELLS[shell](command, {}, program, variable).source().strip())
