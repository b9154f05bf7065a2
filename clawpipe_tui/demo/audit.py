"""The audit file: one JSON line per change, on disk before the change takes effect."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import cast


class AuditFile:
    """Append-only, readable by its owner alone."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, entry: Mapping[str, object]) -> None:
        """Write one line and wait until the disk has it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n"
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())

    def entries(self) -> list[dict[str, object]]:
        """Every line, oldest first."""
        if not self.path.exists():
            return []
        lines = self.path.read_text(encoding="utf-8").splitlines()
        return [cast("dict[str, object]", json.loads(line)) for line in lines if line]
