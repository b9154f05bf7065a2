"""What the command line understands: every command and its options, and nothing of what they do."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from clawpipe_tui import __version__

FORMATS = ("table", "json", "jsonl", "csv", "parquet")
_EPILOG = """\
exit codes: 0 ok · 1 failed · 2 usage or config · 3 cannot reach (try again) · 4 alarm · 5 cannot tell · 130 interrupted
stdout is data, stderr is talk. Without a command the console opens; where stdout is no terminal, one frame is printed.
"""


_Add = Callable[[str, str], argparse.ArgumentParser]


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    where = _where()
    whole = argparse.ArgumentParser(
        prog="clawpipe-tui",
        parents=[where],
        description="A terminal console for live model operations: drift, latency, errors, version diff, rollback.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    whole.add_argument("--version", action="version", version=f"clawpipe-tui {__version__}")
    commands = whole.add_subparsers(dest="command", metavar="COMMAND", title="commands")

    def add(name: str, words: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, parents=[where], help=words, description=words)

    add("console", "open the console (the same as giving no command)")
    _add_looking(add)
    _add_answering(add)
    _add_moves(add)
    _add_terminal(add)
    _add_serving(add)
    return whole


def _add_looking(add: _Add) -> None:
    """Every command that shows what is there."""
    demo = add("demo", "a model, live traffic, an incident: see the whole story on your own machine")
    demo.add_argument("--incident-after", type=float, metavar="S", help="seconds until it happens (30)")

    show = add("show", "print one frame of a screen as text")
    show.add_argument("screen", help="the screen's name or key: overview, drift, latency, errors, versions")
    show.add_argument("--size", metavar="WxH", help="columns x rows (the terminal's, else 80x24)")
    show.add_argument("--color", action="store_true", help="with ANSI colours")
    show.add_argument("--svg", action="store_true", help="as an SVG picture")

    query = add("query", "print what a named query answers")
    query.add_argument("name", nargs="?", help="the query's name")
    query.add_argument("values", nargs="*", metavar="name=value", help="values to bind: version=v43 column=age")
    query.add_argument("--format", choices=FORMATS, default="table", help="table (default), json, jsonl, csv, parquet")
    query.add_argument("--list", action="store_true", help="list all queries with their questions")
    query.add_argument("--sql", action="store_true", help="print the SQL instead of asking it")


def _add_answering(add: _Add) -> None:
    """Every command that gives a judgement or a proposal."""
    init = add("init", "look at an unknown log, propose how to read it, and write a clawpipe.toml")
    init.add_argument("log", metavar="LOGS", help="a folder, a glob or a file")
    init.add_argument("--yes", action="store_true", help="write the proposal as it is")
    init.add_argument("--labels", metavar="FILES", help="files with what turned out to be true")

    status = add("status", "is the model in trouble? exit 0 no, 4 yes, 5 cannot tell")
    status.add_argument("model_name", nargs="?", metavar="MODEL")
    status.add_argument("--format", choices=("table", "json"), default="table")

    diff = add("diff", "compare two versions: their documents and their behaviour in the same window")
    diff.add_argument("model_name", metavar="MODEL")
    diff.add_argument("a", metavar="A")
    diff.add_argument("b", metavar="B")
    diff.add_argument("--where", default="", metavar="COLUMN=VALUE", help="only this part of the traffic; also < and >")
    diff.add_argument("--format", choices=("table", "json"), default="table")


def _add_serving(add: _Add) -> None:
    """The serving API alone, and what was done to any."""
    serve = add("serve", "run the reference serving API alone, with the sample's model behind it")
    serve.add_argument("--host", default="127.0.0.1", help="where to listen (this machine alone)")
    serve.add_argument("--port", type=int, default=8321, help="0 takes a free one (8321)")
    serve.add_argument("--state", metavar="FOLDER", help="where routing, audit, predictions and tokens are kept")
    serve.add_argument("--cert", metavar="PEM", help="serve https with this certificate")
    serve.add_argument("--key", metavar="PEM", help="its key, readable by its owner alone")
    serve.add_argument(
        "--client-ca", default="", metavar="PEM", help="let in only clients with a certificate of this CA"
    )
    serve.add_argument("--second-person", action="store_true", help="let no change of routing take effect alone")
    rollup = add("rollup", "the counts that are kept of a log: verify that they are what was written")
    rollup.add_argument("doing", choices=("verify",), help="checksums, ledgers, sums between levels; 1 where one fails")
    rollup.add_argument("--against-log", action="store_true", help="also read the log from the start and compare")
    audit = add("audit", "the journal of what was done from here: show it, or follow its chain of hashes")
    audit.add_argument("doing", choices=("show", "verify"), help="show every attempt, or verify that none was changed")
    audit.add_argument("--head", default="", metavar="HASH", help="a head that was written down elsewhere")
    audit.add_argument("--api-head", default="", metavar="HASH", help="the same of the serving API's own audit")
    audit.add_argument("--format", choices=FORMATS, default="table")


def _add_moves(add: _Add) -> None:
    """Every command that moves traffic: the same options, the same way."""
    rollback = _moving(add("rollback", "plan a rollback, or do it: send once, then verify it in the logs"))
    rollback.add_argument("--to", dest="version_name", metavar="V", help="the version to go back to")
    _moving(add("undo", "give the traffic back to what served before the last change"))
    promote = _moving(add("promote", "give one version all of the traffic"))
    promote.add_argument("version_name", metavar="VERSION")
    canary = _moving(add("canary", "give one version a share of the traffic; the live one keeps the rest"))
    canary.add_argument("version_name", metavar="VERSION")
    canary.add_argument("weight_pct", type=float, metavar="PERCENT", help="0 takes it out")
    unshadow = _moving(add("unshadow", "stop sending copies of the traffic to a shadow"))
    unshadow.add_argument("version_name", metavar="VERSION")
    approve = add("approve", "let somebody else's change take effect")
    approve.add_argument("model_name", metavar="MODEL")
    approve.add_argument("change_id", metavar="CHANGE", nargs="?", help="without it: list what waits")
    approve.add_argument("--confirm", default="", metavar="MODEL", help="the model's name, where it must be typed")


def _add_terminal(add: _Add) -> None:
    """Every command about this terminal and this machine."""
    watch = add("watch", "tell changes as sentences, one a line: for screen readers, logs, dumb terminals")
    watch.add_argument("--lines", action="store_true", help="as lines (there is no other way yet)")
    watch.add_argument("--count", type=int, metavar="N", help="look so many times, then end with the verdict's code")
    watch.add_argument("--every", type=float, default=1.0, metavar="S", help="seconds between two looks (1)")
    add("doctor", "what works here: terminal, colours, clipboard, log, serving API, rights, versions")
    info = add("info", "where things are, and what decided each setting")
    info.add_argument("--format", choices=("table", "json"), default="table")
    completion = add("completion", "a completion script for the shell, with names of models and versions")
    completion.add_argument("shell", choices=("bash", "zsh", "fish", "words"))
    completion.add_argument("typed", nargs="*", help=argparse.SUPPRESS)
    completion.set_defaults(command_words=command_words)


def command_words() -> dict[str, list[str]]:
    """Every command and its options; under the empty name those that stand before a command. For completion."""
    whole = parser()
    (commands,) = (action for action in whole._actions if isinstance(action, argparse._SubParsersAction))  # noqa: SLF001
    known: dict[str, argparse.ArgumentParser] = {"": whole, **commands.choices}
    return {
        name: [option for action in each._actions for option in action.option_strings]  # noqa: SLF001
        for name, each in known.items()
    }


def _moving(command: argparse.ArgumentParser) -> argparse.ArgumentParser:
    command.add_argument("model_name", metavar="MODEL")
    command.add_argument("--reason", default="", help="why; it is kept in the audit log")
    command.add_argument("--reference", default="", metavar="ID", help="a ticket or an incident: INC-7")
    command.add_argument("--confirm", default="", metavar="MODEL", help="the model's name again, in production")
    doing = command.add_mutually_exclusive_group(required=True)
    doing.add_argument("--plan", action="store_true", help="show what would be sent, and send nothing")
    doing.add_argument("--yes", action="store_true", help="send it")
    command.add_argument("--deadline", type=float, default=120.0, metavar="S", help="how long to watch the logs (120)")
    return command


def _where() -> argparse.ArgumentParser:
    """The options that every command takes; left out of the namespace unless given, so that a parent's is kept."""
    where = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    group = where.add_argument_group("where and when")
    group.add_argument("--logs", metavar="PATH", help="a folder, a glob, or a clawpipe.toml (default: the one here)")
    group.add_argument("--model", metavar="NAME", help="the model to look at")
    group.add_argument("--context", metavar="NAME", help="one of your contexts: a clawpipe.toml each, by name")
    group.add_argument("--env", metavar="NAME", help="the environment's name, shown on every screen")
    group.add_argument("--since", metavar="TIME", help="where the window begins: a time, or a span before now (2h)")
    group.add_argument("--until", metavar="TIME", help="where it ends (default: now)")
    group.add_argument("--now", metavar="TIME", help="a fixed clock, for a post-mortem")
    group.add_argument("--window", metavar="SPAN", help="the window's width: 15m, 1h, 1d (default 1h)")
    group.add_argument(
        "--baseline",
        metavar="NAME",
        help="training, 'previous window', 'same hour yesterday', 'same hour last week' or 'version V'",
    )
    group.add_argument("--api", metavar="URL", help="the serving API (default: [serving] url in clawpipe.toml)")
    writing = group.add_mutually_exclusive_group()
    writing.add_argument("--write", action="store_true", help="let the console change where traffic goes")
    writing.add_argument("--read-only", dest="write", action="store_false", help="change nothing (the default)")
    group.add_argument("--charts", choices=("braille", "block", "ascii"), help="how charts are drawn")
    group.add_argument("--theme", metavar="NAME", help="dark, light, ansi, contrast or mono")
    return where
