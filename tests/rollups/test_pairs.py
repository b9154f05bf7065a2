"""Shadow pairs are found by the request id and counted as they are in the rows; what has no pair is counted, too."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import cast

import pyarrow as pa
import pytest
from tiny_log import START, Columns, TinyLog, rows_of

from clawpipe_tui.rollups.pairs import has_shadows

COLUMNS = ("served_at", "request_id", "version", "role", "outcome", "prediction", "score", "country", "client")


def mirrored(seed: int, count: int = 300) -> tuple[Columns, Columns, Counter[str]]:
    """Live rows, the rows of their shadow in any order, and what a reader counts one by one."""
    rng = random.Random(seed)
    live: list[tuple[object, ...]] = []
    shadow: list[tuple[object, ...]] = []
    plain: Counter[str] = Counter()
    for number in range(count):
        at, country = START + timedelta(seconds=number), rng.choice(["DE", "FR"])
        outcome = rng.choice(["ok"] * 9 + ["error"])
        said, again = rng.choice("ab"), rng.choice("ab")
        answer = (said, 0.5) if outcome == "ok" else (None, None)
        live.append((at, f"r{number}", "v1", "live", outcome, *answer, country, "web"))
        known = rng.random() < 0.9
        shadow.append((at, f"r{number}" if known else f"x{number}", "v2", "shadow", "ok", again, 0.75, country, None))
        kind = "unpaired" if not known else "unanswered" if outcome == "error" else "n"
        plain[kind] += 1
        plain["agree"] += kind == "n" and said == again
        plain[f"{country}"] += kind == "n" and said != again
    rng.shuffle(shadow)
    return _columns(live), _columns(shadow), plain


def _columns(rows: list[tuple[object, ...]]) -> Columns:
    return dict(zip(COLUMNS, map(list, zip(*rows, strict=True)), strict=True))


@pytest.mark.parametrize("seed", [1, 2])
def test_pairs_are_what_one_counts_by_hand(tmp_path: Path, seed: int) -> None:
    """Also where the copies lie in another file than the originals."""
    log, (live, shadow, plain) = TinyLog(tmp_path), mirrored(seed)
    log.write("live.parquet", live)
    log.write("shadow.parquet", shadow)
    with log.opened() as session:
        sums = "sum(n), sum(agree), sum(unanswered), sum(unpaired), sum(scored), sum(gap)"
        (found,) = rows_of(session, f"""select {sums} from pairs where "column" = ''""")
        assert found[:4] == (plain["n"], plain["agree"], plain["unanswered"], plain["unpaired"])
        assert found[4:] == (plain["n"], pytest.approx(0.25 * plain["n"]))
        versions = rows_of(session, "select distinct version, shadow, role from pairs where n > 0")
        assert versions == [("v1", "v2", "live")]
        named = rows_of(
            session,
            """select b.category, sum(p.n - p.agree) from pairs as p join bins as b using ("column", bin)
            where p."column" = 'country' and b.mass = 'bin' group by all order by 1""",
        )
        assert named == [("DE", plain["DE"]), ("FR", plain["FR"])]


def test_what_an_answer_became_is_named(tmp_path: Path) -> None:
    """Of those that differ only."""
    log, (live, shadow, plain) = TinyLog(tmp_path), mirrored(3)
    log.write("both.parquet", {name: [*live[name], *shadow[name]] for name in live})
    with log.opened() as session:
        rows = rows_of(session, 'select category, sum(n) from pairs where "column" = $$prediction$$ group by all')
    assert {str(row[0]) for row in rows} == {"a → b", "b → a"}
    assert sum(cast("int", row[1]) for row in rows) == plain["n"] - plain["agree"]


def test_numbers_agree_when_they_are_close_and_classes_when_they_are_the_same(tmp_path: Path) -> None:
    """100.0 and 100.5 are one answer of a regression; class 100 and class 101 are not."""
    log = TinyLog(tmp_path)
    said = [("100.25", "100.5"), ("100.25", "103.5"), ("100", "101"), ("7", "7"), ("a", "A")]
    rows: list[tuple[object, ...]] = [
        (START, f"r{number}", version, role, "ok", answer, None, "DE", "web")
        for number, pair in enumerate(said)
        for version, role, answer in zip(("v1", "v2"), ("live", "shadow"), pair, strict=True)
    ]
    log.write("both.parquet", _columns(rows))
    with log.opened() as session:
        assert rows_of(session, "select sum(n), sum(agree) from pairs where \"column\" = ''") == [(5, 2)]


def test_a_log_without_shadows_has_no_pairs(tmp_path: Path) -> None:
    """Nothing is read for them."""
    log, (live, _, _) = TinyLog(tmp_path), mirrored(4)
    log.write("live.parquet", live)
    with log.opened() as session:
        assert rows_of(session, "select count(*) from pairs") == [(0,)]
        assert not has_shadows(
            pa.table({"role": [str(role) for (role,) in rows_of(session, "select role from requests")]})
        )


def test_a_log_without_request_ids_has_no_pairs(tmp_path: Path) -> None:
    """Shadows without ids cannot be paired, and nothing fails."""
    log, (live, shadow, _) = TinyLog(tmp_path), mirrored(5)
    rows = {name: [*live[name], *shadow[name]] for name in live if name != "request_id"}
    log.write("both.parquet", rows)
    with log.opened() as session:
        assert rows_of(session, "select count(*) from pairs") == [(0,)]
