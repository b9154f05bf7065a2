"""clawpipe.toml → a frozen Config: values, keys, reading (one file), finding (which file, folders)."""

from clawpipe_tui.config.environment import EnvironmentKind, counts_as_production, environment_kind
from clawpipe_tui.config.finding import FILE_NAME, cache_folder, config_folder, find_config, state_folder
from clawpipe_tui.config.keys import KEYS
from clawpipe_tui.config.reading import load_config, table_address
from clawpipe_tui.config.values import (
    ALSO_KNOWN,
    CANONICAL,
    Config,
    DeclaredRange,
    DriftLimits,
    Guardrail,
    Objectives,
    RuleKind,
    Serving,
)

__all__ = [
    "ALSO_KNOWN",
    "CANONICAL",
    "FILE_NAME",
    "KEYS",
    "Config",
    "DeclaredRange",
    "DriftLimits",
    "EnvironmentKind",
    "Guardrail",
    "Objectives",
    "RuleKind",
    "Serving",
    "cache_folder",
    "config_folder",
    "counts_as_production",
    "environment_kind",
    "find_config",
    "load_config",
    "state_folder",
    "table_address",
]
