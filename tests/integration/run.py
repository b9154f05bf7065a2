"""Starts the real serving systems, holds the contract against them, and stops them. `make test-integration` calls it.

`python tests/integration/run.py MLFLOW_ENVIRONMENT`
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

_START_S = 120.0
_TESTS = ("tests/serving/test_contract.py", "tests/serving/test_once.py")


def main(mlflow: Path) -> int:
    """Run the tests; gives pytest's exit code."""
    with serving_mlflow(mlflow) as url:
        # Every byte: the ordinary run cuts the line here and there only.
        environment = {**os.environ, "CLAWPIPE_MLFLOW": url, "CLAWPIPE_EVERY_BYTE": "1"}
        return subprocess.run([sys.executable, "-m", "pytest", *_TESTS], env=environment, check=False).returncode


@contextmanager
def serving_mlflow(environment: Path) -> Generator[str]:
    """A tracking server on a free port, with nothing in it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    quiet = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with tempfile.TemporaryDirectory() as folder, Path(folder, "log").open("w") as log:
        words = [str(environment / "bin" / "mlflow"), "server", "--host", "127.0.0.1", "--port", port, "--workers", "1"]
        words += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", f"{folder}/files"]
        server = subprocess.Popen(words, stdout=log, stderr=log, env=quiet, cwd=folder, start_new_session=True)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(f"{url}/health", server, Path(folder, "log"))
            yield url
        finally:
            server.terminate()
            server.wait(30)


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urlopen(url, timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    raise SystemExit(f"The server did not start:\n{log.read_text()}")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute()))
