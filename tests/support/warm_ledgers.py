"""The processes that load ledgers, forked from one that has Beancount loaded: each a process of its own as before,
without the quarter of a second that an interpreter takes to get there.

`use_warm_ledgers()` where an accounting system is only a tool of the test. `tests/connectors/`, which is about the
connector itself, has real interpreters.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from kontobro.erp.beancount.load import apart
from kontobro.erp.beancount.load.ledger import trial_of

PROJECT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0


def use_warm_ledgers() -> None:
    """In this process."""
    apart.use(run_warm)


def share_warm_ledgers() -> None:
    """In this process and in those that it forks: all with the same one."""
    _server()
    apart.use(run_warm)


def use_interpreters() -> None:
    """As the product does."""
    apart.use(apart.run_interpreter)


def run_warm(ledger: Path, words: Sequence[str]) -> tuple[int, bytes, bytes]:
    """`apart.Run` by a process that is forked."""
    order = _order([str(ledger), *words])
    process = 0
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors, socket.socket(socket.AF_UNIX) as line:
        line.settimeout(apart.LIMIT)
        try:
            line.connect(_server())
            socket.send_fds(line, [b"."], [out.fileno(), errors.fileno()])
            line.sendall(json.dumps(order).encode() + b"\n")
            with line.makefile("r") as answers:
                process = int(answers.readline())
                status = int(answers.readline())
        except TimeoutError:
            raise subprocess.TimeoutExpired(order["words"], apart.LIMIT) from None
        finally:
            _end(process, ledger)
        for file in (out, errors):
            file.seek(0)
        return status, out.read(), errors.read()


def _order(words: list[str]) -> dict[str, Any]:
    return {"words": words, "environment": dict(os.environ), "folder": str(Path.cwd()), "path": sys.path}


def _end(process: int, ledger: Path) -> None:
    if process:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)
        trial_of(ledger, process).unlink(missing_ok=True)


@cache
def _server() -> str:
    """Start the process that forks, once for this process and its forks: the path of its socket."""
    folder = tempfile.mkdtemp(prefix="kontobro-warm-")
    where = f"{folder}/line"
    server = subprocess.Popen(
        [sys.executable, "-m", __name__, where],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=PROJECT,
        env=os.environ | {"PYTHONPATH": f"{PROJECT / 'src'}{os.pathsep}{PROJECT}"},
    )
    assert server.stdin
    assert server.stdout
    assert server.stdout.readline() == b"ready\n"
    server.stdout.close()
    starter = os.getpid()

    def stop() -> None:
        if os.getpid() == starter:
            assert server.stdin
            server.stdin.close()
            server.wait(START_SECONDS)
            Path(where).unlink(missing_ok=True)
            Path(folder).rmdir()

    atexit.register(stop)
    return where


# ------------------------------------------------------------------------------------------ the process that forks


def main(where: str) -> None:
    """Fork a process for each order until standard input closes: then the one who started us is gone."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no one waits for those that wait
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(where)
        listener.listen(64)
        print("ready", flush=True)  # noqa: T201 - for the starter
        if os.fork() == 0:  # reads standard input, so that the other may block in accept
            os.read(0, 1)
            os.kill(os.getppid(), signal.SIGKILL)
            os._exit(0)
        while True:
            line, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _answer(line)
            line.close()


def _answer(line: socket.socket) -> NoReturn:
    """Have one order carried out: tell the process, then its exit status."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with contextlib.suppress(OSError):  # who asked may be gone, killed: then no one wants to know
        _, files, _, _ = socket.recv_fds(line, 1, 2)
        order = json.loads(line.makefile("r").readline())
        child = os.fork()
        if child == 0:
            line.close()
            _load(order, *files)
        line.sendall(f"{child}\n".encode())
        _, status = os.waitpid(child, 0)
        line.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _load(order: dict[str, Any], out: int, errors: int) -> NoReturn:
    """What the interpreter would be from here to its end."""
    os.setsid()
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.path[:] = order["path"]
    sys.argv[1:] = order["words"]
    nothing = os.open(os.devnull, os.O_RDONLY)
    for given, standard in ((nothing, 0), (out, 1), (errors, 2)):
        os.dup2(given, standard)
    status = 1
    try:
        apart.main()
        status = 0
    except SystemExit as ended:
        os.write(2, f"{ended.code}\n".encode())
    except BaseException:  # noqa: BLE001 - told, then the end: nothing of the parent may run here
        os.write(2, traceback.format_exc().encode())
    os._exit(status)


if __name__ == "__main__":
    main(sys.argv[1])
