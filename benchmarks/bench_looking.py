"""What a look at a large log costs: 100 000 local files; 10 000 objects in a real S3 store (rclone), by requests.

And what is fetched of a wide object of which few columns are asked for.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from clawpipe_tui.logs.canonical import Layout
from clawpipe_tui.logs.listing import list_files
from clawpipe_tui.logs.looking import Looker
from clawpipe_tui.logs.objects import drop_copies, local_copy
from clawpipe_tui.logs.ranges import Needed


def spread(root: Path, days: int, files: int) -> None:
    for day in range(days):
        folder = root / f"day=2026-{day // 28 + 1:02d}-{day % 28 + 1:02d}"
        folder.mkdir(parents=True)
        for number in range(files // days):
            (folder / f"{number:05d}.parquet").write_bytes(b"PAR1")
            os.utime(folder / f"{number:05d}.parquet", (1.7e9 + day * 86_400, 1.7e9 + day * 86_400))


def timed(words: str, looker: Looker, *announced: str) -> None:
    started = time.perf_counter()
    found = looker.look(announced)
    print(f"  {words:28} {time.perf_counter() - started:8.3f} s  {len(found)} files")


def local(root: Path) -> None:
    spread(root / "logs", 100, 100_000)
    looker = Looker([f"{root}/logs/**/*.parquet"])
    print("100 000 local files in 100 folders")
    timed("whole", looker)
    timed("in between", looker)
    timed("a change was announced", looker, f"{root}/logs/day=2026-01-05")


def store(root: Path) -> None:
    rclone = shutil.which("rclone", path=f"{Path(sys.executable).parent}")
    if rclone is None:
        print("no rclone here")
        return
    spread(root / "store" / "bucket", 100, 10_000)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = root / "told.txt"
    write_wide(root / "store" / "bucket" / "wide.parquet")
    words = ["serve", "s3", "--addr", f"127.0.0.1:{port}", "--auth-key", "key,secret", "-vv", "--log-file", str(told)]
    server = subprocess.Popen([rclone, *words, str(root / "store")])
    os.environ |= {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}
    os.environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{port}"
    time.sleep(1.0)
    try:
        looker = Looker(["s3://bucket/**/*.parquet"])
        print("10 000 objects under 100 prefixes of an S3 store")
        for words_of_look in ("whole", "in between", "in between"):
            time.sleep(1.0)
            before = told.read_text().count("LIST BUCKET") if told.exists() else 0
            timed(words_of_look, looker)
            print(f"  {'':28} {told.read_text().count('LIST BUCKET') - before:8} requests")
        wide()
    finally:
        server.terminate()
        server.wait()


def write_wide(path: Path) -> None:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(1)
    columns: dict[str, object] = {f"feature_{place}": rng.normal(size=40_000) for place in range(40)}
    columns["body"] = [rng.bytes(200).hex() for _ in range(40_000)]
    columns["served_at"] = np.arange(40_000) + 1.7e9
    pq.write_table(pa.table(columns), path, row_group_size=20_000)


def wide() -> None:
    (file,) = list_files(["s3://bucket/wide.parquet"]).values()
    print(f"an object of {file.size_bytes / 1e6:.0f} MB: 40 features and a body, 10 features asked for")
    few = Layout({}, numeric=tuple(f"feature_{place}" for place in range(10)))
    for words, needed in (("whole", None), ("by ranges", Needed(few))):
        drop_copies()
        started = time.perf_counter()
        copy = Path(local_copy(file, needed))
        print(
            f"  {words:28} {time.perf_counter() - started:8.3f} s  {copy.stat().st_blocks * 512 / 1e6:.1f} MB fetched"
        )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        local(Path(folder))
        store(Path(folder))
