"""The command that runs while this machine is let in: started without a shell, and ended when somebody wants us to."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock, Timer

from netcfg.core.errors import CommandNotStarted

GRACE = 2.0  # seconds that it gets to end by itself
OVERTIME = 124  # what `timeout` ends with, whose command took too long
NOT_FOUND, NOT_EXECUTABLE = 127, 126
SHORTEST, LONGEST = 0.001, 0.05  # seconds between two looks whether it is over


def find(name: str) -> None:
    """Look for the program before anything is opened for it; one that cannot be run is an error."""
    if shutil.which(name) is None:
        path = Path(name)
        is_there = name != path.name and path.exists()
        raise _not_started(name, PermissionError() if is_there else FileNotFoundError())


class Child:
    """The command `words`, told to end once `wish` is set; `number` is then the signal that it gets.

    It has our stdin, stdout, stderr and environment, to which nothing is added.
    """

    def __init__(self, words: Sequence[str], wish: Event) -> None:
        self.words = list(words)
        self.number: int | None = None
        self._wish = wish
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._killing: Timer | None = None
        self._shares_terminal = _has_terminal()

    def run(self, seconds: float) -> int:
        """Its exit status; that of `timeout` where it took longer than `seconds`. Whoever wants us to end is obeyed at
        once: the command is told, and killed a little later, but not waited for."""
        process = self._start()
        end, pause = time.monotonic() + seconds, SHORTEST
        while process.poll() is None:
            left = end - time.monotonic()
            if left <= 0 or self._wish.wait(min(pause, left)):
                self._end(process)
                return OVERTIME
            pause = min(2 * pause, LONGEST)
        return self.status(OVERTIME)

    def status(self, otherwise: int) -> int:
        """How it ended; `otherwise` where it never ran or is not over."""
        code = self._process.returncode if self._process else None
        if code is None:
            return otherwise
        return 128 - code if code < 0 else code

    def rest(self) -> None:
        """Wait until one that was told to end has ended, which killing it brings about; and leave nothing running that
        it has started."""
        if not self._process or not self._killing:
            return
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE + 1)
        self._killing.cancel()
        self._kill(self._process)

    def _start(self) -> subprocess.Popen[bytes]:
        program = shutil.which(self.words[0]) if os.name == "nt" else None  # CreateProcess finds no `az.cmd`
        # On a terminal it stays in our group, or it could not read from there. Elsewhere it has one of its own, so that
        # what it starts can be told to end too.
        apart = {"process_group": 0} if os.name == "posix" and not self._shares_terminal else {}
        try:
            process = subprocess.Popen(self.words, executable=program, **apart)  # type: ignore[call-overload]
        except OSError as error:
            raise _not_started(self.words[0], error) from error
        with self._lock:
            self._process = process
        return process  # type: ignore[no-any-return]

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """Tell it to end as somebody told us. Ctrl-C on a terminal reaches it without us, and twice means more."""
        number = self.number
        if number is None or os.name == "nt":
            process.terminate()
        elif not (self._shares_terminal and number in _FROM_TERMINAL):
            self._send(process, number)
        self._killing = Timer(GRACE, self._kill, (process,))
        self._killing.daemon = True
        self._killing.start()

    def _kill(self, process: subprocess.Popen[bytes]) -> None:
        if os.name == "posix" and not self._shares_terminal:
            with suppress(OSError):  # all of it is gone
                os.killpg(process.pid, signal.SIGKILL)
        elif process.poll() is None:
            process.kill()

    def _send(self, process: subprocess.Popen[bytes], number: int) -> None:
        with suppress(OSError):
            if self._shares_terminal:
                process.send_signal(number)
            else:
                os.killpg(process.pid, number)


_FROM_TERMINAL = frozenset(getattr(signal, each) for each in ("SIGINT", "SIGQUIT") if hasattr(signal, each))


def _has_terminal() -> bool:
    """Whether a terminal sends its signals to us, and so to whom we start."""
    if sys.platform == "win32":
        return False
    try:
        file = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(file) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(file)


def _not_started(name: str, error: OSError) -> CommandNotStarted:
    if isinstance(error, FileNotFoundError):
        return CommandNotStarted(name, "there is no such program", NOT_FOUND)
    why = (error.strerror or "permission denied").lower()
    return CommandNotStarted(name, f"it cannot be run ({why})", NOT_EXECUTABLE)
