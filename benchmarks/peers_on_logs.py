"""What others need for the drift of the same files: Evidently's PSI, NannyML's KS and JS by hour, whylogs' profile."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from log import CATEGORICAL, NUMERIC
from peers import run_peer

_FRAME = """
import json, resource, sys, time, warnings
warnings.simplefilter("ignore")
{imports}
import pandas as pd
log, numeric, categorical = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
wall, cpu = time.perf_counter(), time.process_time()
def read(path, *more):
    frame = pd.read_parquet(path, columns=[*numeric, *categorical, *more])
    return frame.astype({{name: "object" for name in categorical}})
{work}
print(json.dumps({{"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu,
                  "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}}))
"""
_WORK = {
    "evidently": (
        "from evidently import DataDefinition, Dataset, Report\nfrom evidently.presets import DataDriftPreset",
        """
roles = DataDefinition(numerical_columns=numeric, categorical_columns=categorical)
before = Dataset.from_pandas(read(log + "/baseline.parquet"), data_definition=roles)
after = Dataset.from_pandas(read(log + "/logs"), data_definition=roles)
Report([DataDriftPreset(method="psi")]).run(after, before).dict()
""",
    ),
    "nannyml": (
        "import nannyml",
        """
after = read(log + "/logs", "served_at")
found = nannyml.UnivariateDriftCalculator(
    column_names=[*numeric, *categorical], treat_as_categorical=categorical, timestamp_column_name="served_at",
    continuous_methods=["kolmogorov_smirnov", "jensen_shannon"], categorical_methods=["jensen_shannon"],
    chunk_period="h",
).fit(read(log + "/baseline.parquet").assign(served_at=after["served_at"].iloc[0])).calculate(after)
found.to_df()
""",
    ),
    "whylogs": ("import whylogs", 'whylogs.log(read(log + "/logs")).view().to_pandas()'),
}
NAMES = tuple(_WORK)


def drift_of(peer: str, log: Path) -> Mapping[str, float]:
    """Seconds and memory that a peer takes for this log, imports not counted."""
    imports, work = _WORK[peer]
    script = _FRAME.format(imports=imports, work=work)
    printed = run_peer(peer, script, str(log), json.dumps(NUMERIC), json.dumps(CATEGORICAL))
    return cast("Mapping[str, float]", json.loads(printed.splitlines()[-1]))
