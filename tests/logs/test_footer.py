"""One look at a file: whatever is in it, a state and a reason, never an exception."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tiny_log import random_rows

from clawpipe_tui.logs.footer import BadFile, Footer, inspect
from clawpipe_tui.logs.listing import LogFile, list_files


def _bytes(rows: int = 50) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table(dict(random_rows(1, rows))), stream)
    return stream.getvalue()


def _seen(folder: Path, content: bytes, name: str = "a.parquet") -> Footer | BadFile:
    (folder / name).write_bytes(content)
    return inspect(list_files([str(folder / name)])[str(folder / name)])


def test_a_whole_file_has_rows_and_a_fingerprint(tmp_path: Path) -> None:
    """The fingerprint is the content's, not the name's."""
    first, second = (_seen(tmp_path, _bytes(), name) for name in ("a.parquet", "b.parquet"))
    assert first == second
    assert isinstance(first, Footer)
    assert first.rows == 50


def test_different_rows_have_different_fingerprints(tmp_path: Path) -> None:
    """One row more is another content."""
    assert _seen(tmp_path, _bytes(50)) != _seen(tmp_path, _bytes(51))


def test_a_file_cut_anywhere_is_told_as_torn(tmp_path: Path) -> None:
    """At every 1 % of its length."""
    whole = _bytes()
    for share in range(1, 100):
        seen = _seen(tmp_path, whole[: max(4, len(whole) * share // 100)])
        assert isinstance(seen, BadFile)
        assert seen.state == "torn"
        assert seen.reason


def test_nothing_is_empty(tmp_path: Path) -> None:
    """A file of 0 bytes is one that somebody is about to write."""
    assert _seen(tmp_path, b"") == BadFile("empty", "0 bytes: nothing has been written yet")


def test_zero_rows_are_a_content(tmp_path: Path) -> None:
    """A whole file without a row is no error."""
    seen = _seen(tmp_path, _bytes(0))
    assert isinstance(seen, Footer)
    assert seen.rows == 0


@pytest.mark.parametrize(
    ("content", "state"),
    [(b"time,version\n1,2\n", "corrupt"), (b"PAR", "corrupt"), (b"PAR1", "torn"), (b"PAR1PAR1", "torn")],
)
def test_what_is_not_parquet_is_told(tmp_path: Path, content: bytes, state: str) -> None:
    """Another format, and almost nothing."""
    seen = _seen(tmp_path, content)
    assert isinstance(seen, BadFile)
    assert seen.state == state


def test_a_footer_of_noise_is_told(tmp_path: Path) -> None:
    """Flipped bytes at the end of a file never raise, and the reason is safe to print."""
    whole, rng = _bytes(), random.Random(1)
    for _ in range(200):
        noisy = bytearray(whole)
        for place in rng.sample(range(len(whole) - 600, len(whole) - 4), 3):
            noisy[place] = rng.randrange(256)
        seen = _seen(tmp_path, bytes(noisy))
        assert isinstance(seen, Footer) or (seen.reason.isprintable() and len(seen.reason) < 220)


def test_a_file_that_is_gone_is_unreadable(tmp_path: Path) -> None:
    """Listed, then deleted."""
    seen = inspect(LogFile(str(tmp_path / "gone.parquet"), 100, 1))
    assert isinstance(seen, BadFile)
    assert seen.state == "unreadable"
