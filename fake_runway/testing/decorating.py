"""A fake for a decorated function.

The variables that lead an application to it are set in this process while the function runs,
because those who decorate one expect that nothing is left to pass.
"""

import inspect
import os
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from functools import wraps
from typing import Any, Protocol
from unittest.mock import patch

from fake_runway.client.fake import AsyncFake, Fake

PARAMETER = "fake_runway"
"""A decorated function that has a parameter of this name gets the world by it."""


class Serves(AbstractContextManager[Fake], AbstractAsyncContextManager[AsyncFake], Protocol):
    """Serves a fake for a block."""


class Again(Protocol):
    """Makes what serves a fake, again and again."""

    def again(self) -> Serves:
        """Return a new one."""


def decorated(fake: Again, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that runs while a fake serves, with the variables of its world set.

    Each call has a fake of its own, also two at a time.
    """
    signature = inspect.signature(function)
    wanted = PARAMETER in signature.parameters

    if inspect.iscoroutinefunction(function):

        @wraps(function)
        async def call(*args: Any, **kwargs: Any) -> Any:
            async with fake.again() as world:
                with patch.dict(os.environ, world.env):
                    given = {PARAMETER: world} if wanted else {}
                    return await function(*args, **kwargs, **given)

    else:

        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            with fake.again() as world, patch.dict(os.environ, world.env):
                given = {PARAMETER: world} if wanted else {}
                return function(*args, **kwargs, **given)

    # who looks at it, such as pytest, must not look for that argument
    left = [each for name, each in signature.parameters.items() if name != PARAMETER]
    call.__signature__ = signature.replace(parameters=left)  # type: ignore[attr-defined]
    return call
