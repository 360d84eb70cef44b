# Sourced by scripts/netcfg and scripts/test, which say in `root` where the clone is: makes sure that its .venv holds
# what they need, at once where it already does. POSIX sh, because a fresh machine has nothing better.
# Nothing here writes to stdout: that belongs to the command.
# shellcheck shell=sh disable=SC2154
venv=$root/.venv

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# A list is copied into .venv once everything on it is installed and compiled: a set-up that was killed has no copy,
# and after a pull that moved a pin the copy differs. Compared whole, because a date says nothing after a checkout.
installed() { [ -x "$venv/bin/python" ] && cmp -s "$root/requirements/$1.txt" "$venv/$1.txt"; }

# The first Python that will do, as its real path: a .venv made through a pyenv shim or an active environment
# would end with it. Before `python3`, what NETCFG_PYTHON names, and then nothing else.
find_python() {
    without_venv=
    for candidate in ${NETCFG_PYTHON:+"$NETCFG_PYTHON"} python3 python3.13 python3.12 python3.11 python3.14; do
        found=$("$candidate" -c '
import os, sys
assert sys.version_info >= (3, 11)
print(os.path.realpath(sys.executable))' 2>/dev/null) || found=
        if [ -n "$found" ]; then
            # Debian leaves ensurepip out of its python3.N, and only calling it tells.
            if command -v uv >/dev/null || "$found" -c 'import ensurepip, venv; ensurepip.version()' 2>/dev/null; then
                printf '%s\n' "$found"
                return
            fi
            without_venv=${without_venv:-$found}
        fi
        [ -z "${NETCFG_PYTHON:-}" ] || break
    done
    if [ -n "$without_venv" ]; then
        package=$("$without_venv" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
        say "$without_venv cannot make virtual environments; on Debian and Ubuntu install $package (sudo apt-get install $package), elsewhere install uv"
    elif [ -n "${NETCFG_PYTHON:-}" ]; then
        say "NETCFG_PYTHON is '$NETCFG_PYTHON', which is not a Python 3.11 or newer"
    else
        say "no Python 3.11 or newer was found; install one, or name it in NETCFG_PYTHON"
    fi
    return 1
}

with_uv() {
    { [ -n "$keep" ] || { rm -rf "$venv" && uv venv --quiet --no-project --python "$python" "$venv"; }; } &&
        uv pip install --quiet --python "$venv/bin/python" --require-hashes -r "$1"
}

with_pip() {
    { [ -n "$keep" ] && "$venv/bin/python" -m pip --version >/dev/null 2>&1; } ||
        "$python" -m venv --clear "$venv" || return
    "$venv/bin/python" -m pip install --quiet --quiet --disable-pip-version-check --no-input \
        --no-compile --require-hashes -r "$1"
}

# A subshell, so that the lock, which the kernel drops with file descriptor 9, goes with it however it ends.
# The clone itself is not installed but named in a .pth: that needs no build, and relative to site-packages it stays
# true where the clone is moved.
install() (
    python=$(find_python) || exit 1
    "$python" -c '
import fcntl, sys
try:
    fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    print(sys.argv[1] + ": waiting for another set-up of this clone", file=sys.stderr)
    fcntl.flock(9, fcntl.LOCK_EX)' "${0##*/}" 9>&9
    ! installed "$1" || exit 0

    # scripts/test adds its tools to what scripts/netcfg installed; anything else starts from nothing.
    keep=
    if [ "$1" = test ] && installed run; then keep=yes; fi
    rm -f "$venv/run.txt" "$venv/test.txt"
    say "setting up $venv once"
    list=$root/requirements/$1.txt
    if ! command -v uv >/dev/null; then
        with_pip "$list"
    elif ! with_uv "$list"; then
        say "uv could not set up $venv; using pip"
        keep=
        with_pip "$list"
    fi || {
        say "$venv could not be set up, see above; that needs a package index, and is tried again by the next run"
        exit 1
    }
    for site in "$venv"/lib/python3*/site-packages; do echo ../../../.. >"$site/netcfg.pth"; done
    # Without bytecode the first import of the Azure clients takes seconds, and nobody imports what is left out here.
    "$venv/bin/python" -m compileall -qq -j 0 -x '/(aio|pip|setuptools|pkg_resources|pygments/(lexers|styles))/' \
        "$venv/lib" "$root/netcfg" || :
    cp "$root/requirements/run.txt" "$venv/run.txt"
    [ "$1" = run ] || cp "$list" "$venv/$1.txt"
) 9>"$root/.venv.lock" >&2 </dev/null

ready() { installed "$1" || install "$1"; }

# A browser for the tests of the HTML report: the system's, else one that is fetched. Whoever is asked to test has not
# been asked to install packages, so only a CI's machine gets the system's. Without any those tests are skipped, and
# nothing else is. It is fetched once, or asked for once where the answer is no; a machine that was offline asks again,
# and does not wait long.
browser() {
    for found in chromium chromium-browser google-chrome google-chrome-stable; do
        ! command -v "$found" >/dev/null || return 0
    done
    [ ! -e "$venv/chromium" ] || return 0
    say "fetching Chromium once, for the tests of the HTML report"
    if [ -n "${CI:-}" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        waiting='-o Acquire::http::Timeout=10 -o Acquire::Retries=1'
        # shellcheck disable=SC2086
        { apt-get -qq $waiting update && apt-get -qq $waiting --yes --no-install-recommends install chromium; } \
            >/dev/null 2>&1 || :
        ! command -v chromium >/dev/null || return 0
    fi
    limit=
    ! command -v timeout >/dev/null || limit='timeout 300'
    # shellcheck disable=SC2086
    if said=$(PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT=5000 $limit "$venv/bin/python" -m playwright install chromium 2>&1); then
        : >"$venv/chromium"
        return 0
    fi
    case $said in
        *'server returned code 4'* | *'does not support'* | *'not supported'*)
            : >"$venv/chromium"
            say "Chromium could not be fetched, so those tests are skipped"
            ;;
        *) say "Chromium could not be fetched, so those tests are skipped; the next run tries again" ;;
    esac
}
