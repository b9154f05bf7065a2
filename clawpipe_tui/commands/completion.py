"""`clawpipe-tui completion bash|zsh|fish`: a script for the shell; names of models and versions come from the log."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from contextlib import suppress

from clawpipe_tui.commands.output import out
from clawpipe_tui.errors import OK, ClawpipeError

_BASH = """\
_clawpipe_tui() {
    local IFS=$'\\n'
    COMPREPLY=($(clawpipe-tui completion words -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
    compopt -o default 2>/dev/null
}
complete -F _clawpipe_tui clawpipe-tui
"""
_ZSH = """\
#compdef clawpipe-tui
_clawpipe_tui() {
    local -a found
    found=("${(@f)$(clawpipe-tui completion words -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    [[ -n "$found" ]] && compadd -a found || _files
}
compdef _clawpipe_tui clawpipe-tui
"""
_FISH = """\
function _clawpipe_tui
    clawpipe-tui completion words -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null
end
complete -c clawpipe-tui -f -a '(_clawpipe_tui)'
"""
SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}
_OF_A_MODEL = frozenset({"status", "diff", "rollback", "promote", "canary", "undo", "approve", "unshadow"})


def run(given: argparse.Namespace) -> int:
    """Print the shell's script, or the words that could come next."""
    if given.shell in SCRIPTS:
        out(SCRIPTS[given.shell])
        return OK
    found = words_after(given.typed or [""], given.command_words())
    if found:
        out("\n".join(found))
    return OK


def words_after(typed: list[str], commands: Mapping[str, list[str]]) -> list[str]:
    """What the last word could become; the words before it say what is wanted."""
    *before, last = typed
    command = next((word for word in before if word in commands), "")
    if last.startswith("-"):
        return sorted(name for name in commands.get(command, commands[""]) if name.startswith(last))
    known = _after_option(before[-1] if before else "")
    if known is None:
        known = _values(before, command) if command else list(filter(None, commands))
    return sorted(name for name in known if name.startswith(last))


def _after_option(option: str) -> list[str] | None:
    """The words that an option takes; None where the log is to be asked, or where it takes none."""
    match option:
        case "--theme":
            from clawpipe_tui.panels.look import PALETTES

            return list(PALETTES)
        case "--charts":
            return ["braille", "block", "ascii"]
        case "--format":
            return ["table", "json", "jsonl", "csv", "parquet"]
        case "--context":
            from clawpipe_tui.commands.opening import known_contexts

            return list(known_contexts())
        case "--baseline":
            from clawpipe_tui.window import BASELINES

            return list(BASELINES)
        case _:
            return None


def _values(before: list[str], command: str) -> list[str]:
    if command == "show":
        from clawpipe_tui.catalog import shipped

        return [path.stem for path in shipped("screens").glob("*.toml")]
    if command == "query":
        from clawpipe_tui.catalog import query_folders

        return [path.stem for folder in query_folders() for path in folder.glob("[!_]*.sql")]
    if command in _OF_A_MODEL or before[-1:] in (["--model"], ["--to"]):
        with suppress(ClawpipeError):
            return _from_the_log(before)
    return []


def _from_the_log(before: list[str]) -> list[str]:
    """Models and versions, of the log that the command line names so far."""
    from clawpipe_tui.commands.opening import opened

    at = before.index("--logs") + 1 if "--logs" in before else len(before)
    logs = before[at] if at < len(before) else ""
    with opened(argparse.Namespace(logs=logs)) as log:
        models = [str(row[0]) for row in log.session.ask("models", {}).rows]
        versions = [str(value) for value in log.ask("versions").column("version")]
    named = any(model in before for model in models)
    return versions if named or before[-1:] == ["--to"] else models
