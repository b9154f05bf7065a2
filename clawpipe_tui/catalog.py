"""Finds the named queries and screens: the shipped folders first, then the user's; the same name replaces, visibly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from clawpipe_tui.config import config_folder
from clawpipe_tui.errors import ConfigError, QueryError, UsageError, nearest

PARAMETERS = frozenset(
    {"model", "version", "other", "since", "until", "step", "baseline", "column", "client", "psi_limit", "alpha", "now"}
)
"""What the console binds by itself; a query may name others, which the caller then gives."""


@dataclass(frozen=True)
class Query:
    """One question and the SQL that answers it."""

    name: str
    question: str
    sql: str
    parameters: frozenset[str]
    path: Path
    replaces: Path | None = None
    """The shipped file that this one, the user's, stands in for."""


@dataclass(frozen=True)
class BrokenQuery:
    """A query file that cannot be used, and why."""

    name: str
    path: Path
    error: str


Catalog = Mapping[str, Query | BrokenQuery]


@cache
def shipped(folder: str) -> Path:
    """`queries`, `screens` or `sample_data`: inside the package (a wheel), else beside it (a checkout)."""
    package = Path(__file__).parent
    inside = package / folder
    return inside if inside.is_dir() else package.parent / folder


def is_shipped(query: Query) -> bool:
    """Whether a query is one of ours, of which it is known where it looks."""
    return query.path.parent == shipped("queries")


def query_folders() -> tuple[Path, ...]:
    """The shipped queries, then the user's own."""
    return (shipped("queries"), config_folder() / "queries")


def macro_files(folders: tuple[Path, ...] | None = None) -> list[Path]:
    """Files whose name begins with an underscore: SQL macros that several queries share."""
    return [path for folder in folders or query_folders() for path in sorted(folder.glob("_*.sql"))]


def load_catalog(folders: tuple[Path, ...] | None = None) -> Catalog:
    """All queries by name, from the shipped and the user's folder, or from the folders given."""
    found: dict[str, tuple[Path, Path | None]] = {}
    for folder in folders or query_folders():
        for path in sorted(folder.glob("[!_]*.sql")):
            replaced = found.get(path.stem)
            found[path.stem] = (path, replaced[0] if replaced else None)
    return _Files(found)


class _Files(Mapping[str, Query | BrokenQuery]):
    """Queries that are parsed when somebody asks for them: a console opens with a quarter of them."""

    def __init__(self, paths: Mapping[str, tuple[Path, Path | None]]) -> None:
        self._paths = paths
        self._loaded: dict[str, Query | BrokenQuery] = {}

    def __getitem__(self, name: str) -> Query | BrokenQuery:
        if name not in self._loaded:
            self._loaded[name] = _load(*self._paths[name])
        return self._loaded[name]

    def __contains__(self, name: object) -> bool:
        return name in self._paths

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


def _load(path: Path, replaces: Path | None) -> Query | BrokenQuery:
    try:
        return read_query(path, replaces)
    except ConfigError as error:
        return BrokenQuery(path.stem, path, str(error))


def read_query(path: Path, replaces: Path | None = None) -> Query:
    """One query file: its first comment is the question, DuckDB's own parser lists the parameters.

    Raises ConfigError where it is not one select with a question.
    """
    import duckdb

    try:
        sql = path.read_text(encoding="utf-8")
        statements = duckdb.extract_statements(sql)
    except (OSError, UnicodeDecodeError, duckdb.Error) as error:
        raise ConfigError(f"{path} is not SQL that DuckDB can parse: {_first_line(error)}.") from error
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise ConfigError(f"{path} must hold one select and nothing else.")
    return Query(path.stem, _question(sql, path), sql, frozenset(statements[0].named_parameters), path, replaces)


def _question(sql: str, path: Path) -> str:
    comment: list[str] = []
    for line in sql.splitlines():
        if not line.startswith("--"):
            break
        comment.append(line.removeprefix("--").strip())
    if not comment:
        raise ConfigError(f"{path} must begin with a comment: the question that it answers.")
    return " ".join(comment)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__


def find_query(catalog: Catalog, name: str) -> Query:
    """The query of that name. Raises UsageError with the nearest name, QueryError where its file is broken."""
    query = catalog.get(name)
    if query is None:
        raise UsageError(f"There is no query {name!r}.", nearest(name, catalog))
    if isinstance(query, BrokenQuery):
        raise QueryError(query.error)
    return query
