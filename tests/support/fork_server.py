"""Runs the command in processes of their own, forked from one that has already imported it.

Hundreds of runs would spend most of their time starting the interpreter. A request is one line of JSON on
standard input: arguments, folder, environment, and the files that stand for the three streams; the answer is
a line with the exit status as `subprocess` gives it.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

_LIMIT = 120
_AT_START = "PYTHON"
"""How variables begin that are for the interpreter: where they differ, one is started from its beginning."""


def run(
    args: list[str], cwd: Path, env: Mapping[str, str], stdin: str = "", umask: int = -1, memory: int | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command with an environment that has nothing else in it, and no more than `memory` bytes."""
    if any(name.startswith(_AT_START) and os.environ.get(name) != value for name, value in env.items()):
        assert memory is None
        return _run_alone(args, cwd, env, stdin, umask)
    with tempfile.TemporaryDirectory(prefix="llmconf-run-") as name:
        streams = [str(Path(name, stream)) for stream in ("in", "out", "err")]
        Path(streams[0]).write_text(stdin, encoding="utf-8")
        server = _server()
        assert server.stdin is not None
        assert server.stdout is not None
        request = {"args": args, "cwd": str(cwd), "env": dict(env), "streams": streams, "umask": umask, "memory": memory}
        server.stdin.write(json.dumps(request) + "\n")
        server.stdin.flush()
        status = int(server.stdout.readline())
        texts = [Path(stream).read_text(encoding="utf-8", errors="replace") for stream in streams[1:]]
    return subprocess.CompletedProcess(args, status, *texts)


def _run_alone(
    args: list[str], cwd: Path, env: Mapping[str, str], stdin: str, umask: int
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "llmconf", *args], cwd=cwd, env=env, input=stdin, umask=umask, check=False,
        capture_output=True, text=True, encoding="utf-8", timeout=_LIMIT,
    )  # fmt: skip


@cache
def _server() -> subprocess.Popen[str]:
    server = subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    atexit.register(_stop, server)
    return server


def _stop(server: subprocess.Popen[str]) -> None:
    assert server.stdin is not None
    server.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.wait(10)


def _serve() -> None:
    import llmconf.api
    import llmconf.check.rules
    import llmconf.live.probe
    import llmconf.live.sync
    import llmconf.live.verify
    import llmconf.lock.enrich
    import llmconf.report.formats.full
    import llmconf.secrets.audit
    import llmconf.secrets.edit
    import llmconf.secrets.keys
    import llmconf.secrets.runtime

    for code in llmconf.check.rules.names():
        llmconf.check.rules.load(code)
    _save_coverage()
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    for line in requests:
        child = os.fork()
        if child == 0:
            os._exit(_run(json.loads(line)))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        answers.write(f"{status}\n")
        answers.flush()


def _save_coverage() -> None:
    """Where coverage is measured, write down what importing has covered: else each child would do so anew."""
    coverage = sys.modules.get("coverage")
    measured = coverage.Coverage.current() if coverage else None
    if measured is not None:
        measured.save()


def _run(request: dict[str, Any]) -> int:
    import resource
    import signal

    from llmconf.cli import run as command

    signal.alarm(_LIMIT)
    for number, (file, flags) in enumerate(
        zip(request["streams"], (os.O_RDONLY, os.O_WRONLY | os.O_CREAT, os.O_WRONLY | os.O_CREAT), strict=True)
    ):
        handle = os.open(file, flags, 0o600)
        os.dup2(handle, number)
        os.close(handle)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - a descriptor, for the whole process
    os.environ.clear()
    os.environ.update(request["env"])
    tempfile.tempdir = None
    os.chdir(request["cwd"])
    if request["memory"]:
        resource.setrlimit(resource.RLIMIT_AS, (request["memory"], request["memory"]))
    if request["umask"] >= 0:
        os.umask(request["umask"])
    sys.argv = ["llmconf", *request["args"]]
    try:
        command()
    except SystemExit as stop:
        code = stop.code
    except BaseException:
        traceback.print_exc()
        code = 1
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    return code if isinstance(code, int) else 0 if code is None else 1


if __name__ == "__main__":
    _serve()
