"""Starts the real serving systems, holds the contract against them, and stops them. `make test-integration` calls it.

`python tests/integration/run.py MLFLOW_ENVIRONMENT TRITON_ENVIRONMENT`
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

_START_S = 120.0
# Of the contract what is held against the real ones; of the cut lines every byte, where the ordinary run takes a few.
_TESTS = ("tests/serving/test_contract.py", "tests/serving/test_once.py", "-k", "real or test_once", "--durations=5")


def main(mlflow: Path, triton: Path) -> int:
    """Run the tests; gives pytest's exit code."""
    with serving_mlflow(mlflow) as mlflow_url, serving_triton(triton) as triton_url:
        # Every byte: the ordinary run cuts the line here and there only.
        real = {"CLAWPIPE_MLFLOW": mlflow_url, "CLAWPIPE_TRITON": triton_url, "CLAWPIPE_EVERY_BYTE": "1"}
        environment = {**os.environ, **real}
        return subprocess.run([sys.executable, "-m", "pytest", *_TESTS], env=environment, check=False).returncode


@contextmanager
def serving_mlflow(environment: Path) -> Generator[str]:
    """A tracking server on a free port, with nothing in it."""
    port = _free_port()
    quiet = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with tempfile.TemporaryDirectory() as folder:
        words = [str(environment / "bin" / "mlflow"), "server", "--host", "127.0.0.1", "--port", port, "--workers", "1"]
        words += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", f"{folder}/files"]
        url = f"http://127.0.0.1:{port}"
        with _running(words, quiet, Path(folder), url, "/health"):
            yield url


_MODEL = """
import numpy as np
import triton_python_backend_utils as pb

class TritonPythonModel:
    def execute(self, requests):
        tensors = [pb.get_input_tensor_by_name(request, "x").as_numpy() for request in requests]
        scores = [np.asarray(tensor * VERSION, np.float32) for tensor in tensors]
        return [pb.InferenceResponse([pb.Tensor("score", score)]) for score in scores]
"""
_CONFIG = """
name: "flight-delay"
backend: "python"
max_batch_size: 0
input [{ name: "x", data_type: TYPE_FP32, dims: [1] }]
output [{ name: "score", data_type: TYPE_FP32, dims: [1] }]
version_policy: { specific: { versions: [2] } }
"""


@contextmanager
def serving_triton(environment: Path) -> Generator[str]:
    """A Triton with one model in three versions, the second of which is loaded."""
    packages = next(environment.glob("lib/python3.*/site-packages"))
    triton, port = packages / "pytriton" / "tritonserver", _free_port()
    with tempfile.TemporaryDirectory() as folder:
        for version in (1, 2, 3):
            made = Path(folder, "models", "flight-delay", str(version), "model.py")
            made.parent.mkdir(parents=True)
            made.write_text(f"VERSION = {version}\n{_MODEL}")
        Path(folder, "models", "flight-delay", "config.pbtxt").write_text(_CONFIG)
        # The wheel brings one stub per Python, and Triton looks for it beside its backend.
        shutil.copytree(triton / "backends", Path(folder, "backends"))
        python = packages.parent.name.removeprefix("python")
        stub = triton / "python_backend_stubs" / python / "triton_python_backend_stub"
        shutil.copy(stub, Path(folder, "backends", "python"))
        words = [str(triton / "bin" / "tritonserver"), "--model-repository", f"{folder}/models"]
        words += ["--backend-directory", f"{folder}/backends", "--model-control-mode", "explicit"]
        words += ["--load-model", "flight-delay", "--http-address", "127.0.0.1", "--http-port", port]
        words += ["--allow-grpc", "false", "--allow-metrics", "false"]
        libraries = [*map(str, packages.glob("*.libs")), str(sysconfig.get_config_var("LIBDIR"))]
        path = f"{environment / 'bin'}:{os.environ.get('PATH', '')}"  # the stub's Python finds itself by it
        paths = {"PYTHONPATH": str(packages), "LD_LIBRARY_PATH": ":".join(libraries), "PATH": path}
        url = f"http://127.0.0.1:{port}"
        with _running(words, {**os.environ, **paths}, Path(folder), url, "/v2/health/ready"):
            yield url


@contextmanager
def _running(words: list[str], environment: dict[str, str], folder: Path, url: str, health: str) -> Generator[None]:
    """A server in a folder, until it is no longer wanted."""
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(words, stdout=log, stderr=log, env=environment, cwd=folder, start_new_session=True)
    try:
        _wait_for(f"{url}{health}", server, folder / "log")
        yield
    finally:
        server.terminate()
        server.wait(60)


def _free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return str(free.getsockname()[1])


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
    sys.exit(main(Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute()))
