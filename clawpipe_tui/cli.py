"""The command line: parse, call one command, give its exit code. Commands are imported only when they are called."""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from clawpipe_tui.errors import FAILED, INTERRUPTED, ClawpipeError
from clawpipe_tui.options import parser
from clawpipe_tui.terminal.ending import INTERRUPT, end_on_signals


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Errors become one sentence on stderr and an exit code, never a traceback."""
    try:
        return _run(arguments)
    except Exception as error:  # noqa: BLE001 - the edge of the program: a defect of ours is told in a sentence, too
        return INTERRUPTED if INTERRUPT.is_set() else _failed(error)
    except KeyboardInterrupt:
        return INTERRUPTED


def _failed(error: Exception) -> int:
    """Say what went wrong; gives the exit code."""
    if isinstance(error, ClawpipeError):
        print(f"clawpipe-tui: {error.message}", file=sys.stderr)  # noqa: T201 - the edge where errors are told
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)  # noqa: T201
        return error.exit_code
    if isinstance(error, BrokenPipeError):
        # The reader of our stdout has gone (`| head`): say nothing more, and nothing at interpreter exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return INTERRUPTED
    print(f"clawpipe-tui: This should not happen: {_where_it_broke(error)}", file=sys.stderr)  # noqa: T201
    print("  Please report it, with the command and this line.", file=sys.stderr)  # noqa: T201
    return FAILED


def _run(arguments: Sequence[str] | None) -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show – or é still gets its answer
    try:
        given = parser().parse_args(arguments)
    except SystemExit:
        sys.stdout.flush()
        raise
    end_on_signals()
    command = import_module(f"clawpipe_tui.commands.{given.command or 'console'}")
    return int(command.run(given))


def _where_it_broke(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {str(error).strip()[:300]}{place}"


if __name__ == "__main__":
    raise SystemExit(main())
