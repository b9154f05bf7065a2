"""A proposal as the text of a clawpipe.toml, each line with its reason."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from clawpipe_tui.logs.proposal import Choice, Proposal
from clawpipe_tui.wording import clean

UNSURE = "UNSURE: "
_NO_BASELINE = """\
# [baseline]
# files = "training.parquet"  # without it, drift is measured against the log's oldest files"""


@dataclass(frozen=True)
class Settings:
    """What does not follow from the rows of the log."""

    files: tuple[str, ...]
    now: str = ""
    model: str = ""
    version: str = ""
    baseline: Mapping[str, str] | None = None
    """The keys of [baseline]."""
    labels: str = ""


def as_toml(proposal: Proposal, settings: Settings) -> str:
    """The whole file."""
    parts = [_head(proposal), _log(proposal, settings), _columns(proposal), _features(proposal)]
    if settings.baseline:
        parts.append(_section("baseline", settings.baseline))
    else:
        parts.append(_NO_BASELINE)
    if settings.labels:
        parts.append(_section("labels", {"files": settings.labels}))
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(proposal: Proposal) -> str:
    lines = ["# How clawpipe-tui reads this log. Written by `clawpipe-tui init`; change it as you like."]
    unsure = [choice.name for choice in proposal.unsure()]
    if unsure:
        lines.append(
            f"# Look at the lines marked {UNSURE.rstrip(': ')}: {', '.join(clean(name, 60) for name in unsure)}."
        )
    lines += [f"# {clean(name, 60)}: {kind}; neither shown nor watched." for name, kind in proposal.personal.items()]
    lines += [f"# {words}." for words in proposal.words.values()]
    return "\n".join(lines)


def _log(proposal: Proposal, settings: Settings) -> str:
    files = settings.files[0] if len(settings.files) == 1 else list(settings.files)
    lines = ["[log]", f"files  = {quoted_toml(files)}"]
    if proposal.layout:
        lines.append(f"layout = {quoted_toml(proposal.layout)}  # {proposal.about}")
    if proposal.form != "parquet":
        lines.append(f"format = {quoted_toml(proposal.form)}")
    named = {choice.name for choice in proposal.columns}
    if settings.model:
        lines.append(f"model  = {quoted_toml(settings.model)}")
    elif "model" not in named:
        lines.append('# model = "…"  # no column names the model')
    if settings.version:
        lines.append(f"version = {quoted_toml(settings.version)}")
    elif "version" not in named:
        lines.append('# version = "…"  # no column names the version')
    if settings.now:
        lines.append(f"now    = {quoted_toml(settings.now)}  # the log has ended: the clock stands at its last row")
    return "\n".join(lines)


def _columns(proposal: Proposal) -> str:
    written = [choice for choice in (*proposal.columns, *proposal.features) if not choice.plain]
    plain = [choice for choice in proposal.columns if choice.plain]
    lines = [f"# {choice.name}: {_why(choice)}" for choice in plain]
    if written:
        lines += [
            "[log.columns]",
            *_aligned((key(choice.name), quoted_toml(choice.expression), _why(choice)) for choice in written),
        ]
    return "\n".join(lines)


def _features(proposal: Proposal) -> str:
    lines = ["[features]"]
    for kind in ("numeric", "categorical"):
        chosen = [choice for choice, its in proposal.features.items() if its == kind]
        if not chosen:
            lines.append(f"{kind} = []")
            continue
        lines.append(f"{kind} = [")
        lines += [f"    {quoted_toml(choice.name)},  # {_why(choice)}" for choice in chosen]
        lines.append("]")
    lines += [f"# left out: {clean(name, 60)} ({clean(reason, 80)})" for name, reason in proposal.left_out.items()]
    return "\n".join(lines)


def _why(choice: Choice) -> str:
    return clean(("" if choice.sure else UNSURE) + choice.why, 160)


def _aligned(rows: Iterable[Sequence[str]]) -> list[str]:
    listed = [tuple(row) for row in rows]
    wide = min(30, max(len(row[0]) for row in listed))
    return [f"{name.ljust(wide)} = {value}  # {why}" for name, value, why in listed]


def _section(name: str, keys: Mapping[str, str]) -> str:
    return "\n".join([f"[{name}]", *(f"{key} = {quoted_toml(value)}" for key, value in keys.items())])


def key(name: str) -> str:
    """A TOML key: bare where it can be."""
    bare = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if bare else quoted_toml(name)


def quoted_toml(value: str | list[str]) -> str:
    """A text, or a list of texts, as TOML; JSON writes them alike but for the delete character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
