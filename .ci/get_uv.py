"""Put the pinned installer, uv, at .tools/uv: from the package index, checked by its hash. Needs python3 alone.

A python3 of a Linux distribution often comes without pip and venv; uv needs neither and makes the environment itself.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import sys
import urllib.request
import zipfile
from pathlib import Path
from urllib.parse import urljoin

VERSION = "0.13.9"
WHEELS = {
    ("Linux", "x86_64"): (
        "musllinux_1_1_x86_64",  # linked statically: runs on every Linux
        "2c45530751517d6c3bbc69a19473f6effe47cce047bede01ffd8af7ea7b36b25",
    ),
    ("Linux", "aarch64"): (
        "manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64",
        "5435c5ce14a56431208ca0996416d310f1598e8c2c8ba707688985a16bb82dbe",
    ),
    ("Darwin", "arm64"): (
        "macosx_11_0_arm64",
        "66c512266d633bef48384a1f53003f41f2a8e7b36fe6e7fbfd3e0fd52d96fa63",
    ),
    ("Darwin", "x86_64"): (
        "macosx_10_12_x86_64",
        "c16ed11e013557536b3e60065f1b912f6407bd6518e041b961e23ef9e6b4fbf5",
    ),
}


def main(target: Path) -> None:
    """Download, check, unpack."""
    if sys.version_info < (3, 11):
        sys.exit(f"clawpipe-tui needs Python 3.11 or newer; this is {platform.python_version()}.")
    machine = (platform.system(), platform.machine())
    if machine not in WHEELS:
        sys.exit(f"No installer is pinned for {' '.join(machine)}. Install uv and run: uv sync --locked --extra demo")
    tag, sha256 = WHEELS[machine]
    wheel = _download(f"uv-{VERSION}-py3-none-{tag}.whl")
    if hashlib.sha256(wheel).hexdigest() != sha256:
        sys.exit("The installer that the package index gave is not the one that is pinned; nothing was installed.")
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        binary = archive.read(next(name for name in archive.namelist() if name.endswith("/scripts/uv")))
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    beside.write_bytes(binary)
    beside.chmod(0o755)
    beside.replace(target)


def _download(name: str) -> bytes:
    """One file of uv's page in the index (PEP 691)."""
    index = os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("PIP_INDEX_URL") or "https://pypi.org/simple"
    page = _get(f"{index.rstrip('/')}/uv/", "application/vnd.pypi.simple.v1+json")
    files = {file["filename"]: file["url"] for file in json.loads(page)["files"]}
    return _get(urljoin(f"{index.rstrip('/')}/uv/", files[name]), "*/*")


def _get(url: str, accept: str) -> bytes:
    request = urllib.request.Request(url, headers={"Accept": accept, "User-Agent": "clawpipe-tui-setup"})
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return bytes(answer.read())
    except OSError as error:
        sys.exit(f"The package index cannot be reached at {url}: {error}.")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
