"""The real LiteLLM proxy as a process on loopback.

Needs `litellm[proxy]` in an environment of its own: in `.tools/litellm`, or with its python named by
LLMCONF_LITELLM_PYTHON.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from commands import REPOSITORY
from upstream.server import unused_port


def litellm_command() -> Path:
    """Return the path of the `litellm` command; a test without it fails."""
    python = os.environ.get("LLMCONF_LITELLM_PYTHON")
    command = Path(python).parent / "litellm" if python else REPOSITORY / ".tools/litellm/bin/litellm"
    if not command.exists():
        pytest.fail(
            f"{command} is missing: create a virtual environment, install `litellm[proxy]==1.106.2` in it, "
            "and name its python in LLMCONF_LITELLM_PYTHON"
        )
    return command


def litellm_environment(root: Path, keys: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the proxy: these keys, a home of its own, and its price map from its own files."""
    return {**keys, "PATH": os.environ["PATH"], "HOME": str(root), "LITELLM_LOCAL_MODEL_COST_MAP": "True"}


@contextmanager
def running_litellm(file: Path, keys: Mapping[str, str]) -> Iterator[str]:
    """Run the proxy on a configuration file until the block ends; yield its URL when it answers."""
    root = file.parent
    port = unused_port()
    url = f"http://127.0.0.1:{port}"
    command = [str(litellm_command()), "--config", str(file), "--host", "127.0.0.1", "--port", str(port)]
    with (root / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--telemetry", "False"], env=litellm_environment(root, keys), cwd=root, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
        try:
            _wait(process, url, root / "log")
            yield url
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        try:
            with opener.open(f"{url}/health/liveliness", timeout=10):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"the proxy did not start:\n{log.read_text(errors='replace')[-3000:]}")
