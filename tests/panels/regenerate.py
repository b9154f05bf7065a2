"""`python -m tests.panels.regenerate` rewrites the golden frames; look at each of them before you keep it."""

from __future__ import annotations

from .golden import FOLDER, FRAMES, text_of


def main() -> None:
    """Write every golden frame anew and remove those that nothing draws any more."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.txt"):
        if old.stem not in FRAMES:
            old.unlink()
    for name in FRAMES:
        (FOLDER / f"{name}.txt").write_text(text_of(name), encoding="utf-8")


if __name__ == "__main__":
    main()
