"""How long a test lets something take that must not grow without end. What it really takes `scripts/bench` measures."""

from collections.abc import Callable
from threading import Thread
from typing import TypeVar

Done = TypeVar("Done")

# Processor seconds. Some six times what the slowest of these takes on a quiet machine, so that a busy or a slow one
# fails nothing, and still far below what anything takes that grows with the square of its input.
SOON = 10.0

# Seconds for what another thread does. Nothing of that takes one.
PATIENCE = 20.0


def beside(do: Callable[[], Done]) -> Done:
    """What another thread makes of it, or raises. One that waits for ever fails its test, and keeps nobody waiting."""
    made: list[Done] = []
    raised: list[BaseException] = []

    def work() -> None:
        try:
            made.append(do())
        except BaseException as error:  # noqa: BLE001 - raised again where somebody looks
            raised.append(error)

    thread = Thread(target=work, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    for error in raised:
        raise error
    assert made, f"it still waits after {PATIENCE:.0f} seconds"
    return made[0]
