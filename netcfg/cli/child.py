"""The command that runs while this machine is let in: started without a shell, and ended when somebody wants us to."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path, PureWindowsPath
from threading import Event, Lock, Timer

from netcfg.core.errors import CommandNotStarted

GRACE = 6.0  # seconds that it gets to end by itself, as long as an exec that it may be has to take out its address
OVERTIME = 124  # what `timeout` ends with, whose command took too long
NOT_FOUND, NOT_EXECUTABLE, NOT_BEGUN = 127, 126, 125
SHORTEST, LONGEST = 0.001, 0.05  # seconds between two looks whether it is over
_IS_POSIX = os.name == "posix"

# What a word may not have in it where it is a batch file that gets it: cmd.exe has its own rules for quoting, so that a
# branch named `x&calc` would be a second command.
# https://learn.microsoft.com/windows-server/administration/windows-commands/cmd
_BATCH = (".cmd", ".bat")
_REREAD = re.compile(r'[&|<>^%"\r\n]')


def find(words: Sequence[str]) -> str:
    """The program, looked for before anything is opened for it; one that cannot be run is an error."""
    name = words[0]
    found = shutil.which(name)
    path = Path(name)
    if found is None:
        is_there = name != path.name and path.exists()
        raise _not_started(name, PermissionError() if is_there else FileNotFoundError())
    if not _IS_POSIX:
        if name == path.name and PureWindowsPath(found).parent == PureWindowsPath():
            why = "one lies in the current folder, which Windows looks at before the PATH"
            raise CommandNotStarted(name, why, NOT_BEGUN, "give its path")
        if found.lower().endswith(_BATCH) and (strange := _REREAD.search("".join((found, *words[1:])))):
            why = f"Windows' interpreter of {_BATCH[0]} files would read the {strange[0]!r} among its words once more"
            raise CommandNotStarted(name, why, NOT_BEGUN, "give a program that is none, pwsh for one")
    return found


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
        self._end_by = 0.0  # by the clock, once it was told to end
        self._timers: list[Timer] = []
        self._shares_terminal = _has_terminal()
        self.was_ended = False  # before its own end

    def run(self, seconds: float) -> int:
        """Its exit status; that of `timeout` where it took longer than `seconds`. Whoever wants us to end is obeyed at
        once: the command is told, and killed a little later, but not waited for."""
        process = self._start()
        end, pause = time.monotonic() + seconds, SHORTEST
        while process.poll() is None:
            left = end - time.monotonic()
            if left <= 0 or self._wish.wait(min(pause, left)):
                self._end(process)
                self.was_ended = True
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
        """Wait until one that was told to end has ended, with all that it has started; killing brings that about."""
        process = self._process
        if not process or not self._timers:
            return
        while (process.poll() is None or self._has_company(process)) and time.monotonic() < self._end_by:
            time.sleep(LONGEST)
        for each in self._timers:
            each.cancel()
        self._kill(process)
        with suppress(subprocess.TimeoutExpired):
            process.wait(1)

    def _start(self) -> subprocess.Popen[bytes]:
        program = None if _IS_POSIX else find(self.words)  # CreateProcess finds no `az.cmd`
        # On a terminal it stays in our group, or it could not read from there. Elsewhere it has one of its own, so that
        # what it starts can be told to end too. Files that a shell has opened for it are its own as much as its words.
        options = {"close_fds": False, **({} if self._shares_terminal else {"process_group": 0})} if _IS_POSIX else {}
        try:
            process = subprocess.Popen(self.words, executable=program, **options)  # type: ignore[call-overload]
        except OSError as error:
            raise _not_started(self.words[0], error) from error
        with self._lock:
            self._process = process
        return process  # type: ignore[no-any-return]

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """Tell it to end as somebody told us, or as `timeout` does. Ctrl-C on a terminal reaches it without us, and
        twice means more; what does not end by that was told by `kill`, of which it has not heard."""
        number = self.number or signal.SIGTERM
        if not _IS_POSIX:
            process.terminate()
        elif self._shares_terminal and number in _FROM_TERMINAL:
            self._later(GRACE / 2, self._send, process, number)
        else:
            self._send(process, number)
        self._end_by = time.monotonic() + GRACE
        self._later(GRACE, self._kill, process)

    def _later(self, seconds: float, do: Callable[..., None], *given: object) -> None:
        timer = Timer(seconds, do, given)
        timer.daemon = True
        timer.start()
        self._timers.append(timer)

    def _has_company(self, process: subprocess.Popen[bytes]) -> bool:
        """Whether anything runs that it has started."""
        if not _IS_POSIX or self._shares_terminal:
            return False
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return False
        except OSError:  # it is another user's by now
            return True
        return True

    def _kill(self, process: subprocess.Popen[bytes]) -> None:
        if _IS_POSIX:
            self._send(process, signal.SIGKILL)
        elif process.poll() is None:
            process.kill()

    def _send(self, process: subprocess.Popen[bytes], number: int) -> None:
        with suppress(OSError):  # all of it is gone
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
