"""The salt of a store's digests: made once, in a file that its owner alone may read, and shown nowhere."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from clawpipe_tui.errors import LogError

_FILE = "salt"


def salt_of(folder: Path) -> str:
    """The salt of the store in this folder; of two consoles that make one, both take the first. Raises LogError."""
    path = folder / _FILE
    building = folder / f".{_FILE}-{secrets.token_hex(4)}"
    try:
        if not path.exists():
            with os.fdopen(os.open(building, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
                stream.write(secrets.token_hex(32))
            try:
                path.hardlink_to(building)
            except FileExistsError:
                pass
            except OSError:  # a file system without links
                building.replace(path)
            building.unlink(missing_ok=True)
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise LogError(
            f"The salt of sensitive columns cannot be kept in {folder}: {error}.",
            "Make room there, or set XDG_CACHE_HOME to a folder that can be written.",
        ) from error
