"""What Evidently and NannyML say about the same samples, each in an environment of its own, telemetry off.

Run by bench_statistics.py --peers; the environments are made once under benchmarks/.cache by the project's uv.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import numpy as np

CACHE = Path(__file__).parent / ".cache"
UV = Path(__file__).parent.parent / ".tools" / "uv"
PEERS = {
    "evidently": ("evidently==0.7.23", "pandas<3"),
    "nannyml": ("nannyml==0.13.1", "pandas<3", "statsmodels"),
    "whylogs": ("whylogs==1.6.4", "pandas<3", "pyarrow"),
}
"""Each with what it needs and does not ask for."""
_SILENT = {
    "DO_NOT_TRACK": "1", "NML_DISABLE_USAGE_LOGGING": "1", "EVIDENTLY_DISABLE_TELEMETRY": "1",
    "WHYLOGS_NO_ANALYTICS": "true",
}  # fmt: skip

_EVIDENTLY = """
import json, sys, warnings
warnings.simplefilter("ignore")
import pandas as pd
from evidently.legacy.calculations.stattests import registry, get_stattest
from evidently.legacy.core import ColumnType
given, answers = json.load(open(sys.argv[1])), {}
for name, kind, test in (("x", "num", "wasserstein"), ("x", "num", "ks"),
                         ("c", "cat", "jensenshannon"), ("c", "cat", "chisquare")):
    before, after = (pd.Series(given[side][name]) for side in ("baseline", "live"))
    found = get_stattest(before, after, ColumnType(kind), test)(before, after, ColumnType(kind), None)
    answers[f"{name} {test}"] = float(found.drift_score)
print(json.dumps(answers))
"""

_NANNYML = """
import json, sys, warnings
warnings.simplefilter("ignore")
import pandas as pd
from nannyml.drift.univariate.methods import FeatureType, MethodFactory
from nannyml.chunk import CountBasedChunker
from nannyml.thresholds import ConstantThreshold
given, answers = json.load(open(sys.argv[1])), {}
for name, kind, test in (("x", "continuous", "wasserstein"), ("x", "continuous", "kolmogorov_smirnov"),
                         ("c", "categorical", "jensen_shannon"), ("c", "categorical", "l_infinity"),
                         ("c", "categorical", "hellinger"), ("c", "categorical", "chi2")):
    before, after = (pd.Series(given[side][name], name=name) for side in ("baseline", "live"))
    method = MethodFactory.create(key=test, feature_type=FeatureType(kind), chunker=CountBasedChunker(chunk_number=1),
                                  threshold=ConstantThreshold(upper=1))
    answers[f"{name} {test}"] = float(method.fit(before).calculate(after))
print(json.dumps(answers))
"""


def ask_peer(peer: str, samples: Path) -> Mapping[str, float]:
    """Its statistics of the samples in this JSON file."""
    script = _EVIDENTLY if peer == "evidently" else _NANNYML
    done = run_peer(peer, script, str(samples))
    return cast("Mapping[str, float]", json.loads(done.splitlines()[-1]))


def run_peer(peer: str, script: str, *words: str) -> str:
    """What a script prints in the peer's environment, which is made where it is not there yet; its home is its own."""
    python = CACHE / f"peer-{peer}" / "bin" / "python"
    if not python.exists():
        subprocess.run([UV, "venv", "-q", "--python", sys.executable, python.parent.parent], check=True)
    if not list(python.parent.parent.glob(f"lib/*/site-packages/{peer}")):
        subprocess.run([UV, "pip", "install", "-q", "--python", python, *PEERS[peer]], check=True)
    home = python.parent.parent / "home"
    home.mkdir(exist_ok=True)
    done = subprocess.run(
        [python, "-c", script, *words],
        env=os.environ | _SILENT | {"HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def save_samples(path: Path, rng: np.random.Generator) -> Mapping[str, Mapping[str, list[object]]]:
    """A numeric and a categorical feature before and after a small shift."""
    shares = 1 / np.arange(1, 9)
    sides: dict[str, dict[str, list[object]]] = {}
    for side, rows, shift in (("baseline", 4_000, 0.0), ("live", 1_500, 0.15)):
        moved = shares + np.where(np.arange(8) == 2, shift, 0)
        names = rng.choice(list("abcdefgh"), size=rows, p=moved / moved.sum())
        sides[side] = {"x": list(np.round(rng.normal(shift, 1, rows), 2)), "c": [str(name) for name in names]}
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(sides), encoding="utf-8")
    return sides
