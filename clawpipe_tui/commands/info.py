"""`clawpipe-tui info`: where things are, and what decided each setting."""

from __future__ import annotations

import argparse
import json

from clawpipe_tui.commands.opening import configure
from clawpipe_tui.commands.output import out
from clawpipe_tui.commands.settings import terminal_here
from clawpipe_tui.commands.standing import contexts, paths, settings_with_origin
from clawpipe_tui.errors import OK, ConfigError, UsageError


def run(given: argparse.Namespace) -> int:
    """Print it, also where there is no log to look at yet."""
    terminal = terminal_here()
    facts = {
        "Paths": paths(),
        "Terminal": {
            "found": terminal.why,
            "colours": terminal.depth,
            "theme": terminal.theme,
            "charts": terminal.charts,
        },
        "Contexts": contexts() or {"none": "put NAME.toml into the folder contexts beside your config"},
        "Settings": _settings(given),
    }
    out(json.dumps(facts, ensure_ascii=False, indent=1) if given.format == "json" else _as_text(facts))
    return OK


def _settings(given: argparse.Namespace) -> dict[str, str]:
    try:
        return settings_with_origin(configure(given), given)
    except (UsageError, ConfigError) as error:
        return {"none": str(error)}


def _as_text(facts: dict[str, dict[str, str]]) -> str:
    width = max(len(name) for rows in facts.values() for name in rows)
    return "\n\n".join(
        "\n".join([heading, *(f"  {name:<{width}}  {value}" for name, value in rows.items())])
        for heading, rows in facts.items()
    )
