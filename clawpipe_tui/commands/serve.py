"""`clawpipe-tui serve`: the reference serving API alone, with the sample's model behind it, until it is interrupted."""

from __future__ import annotations

import argparse
import importlib.util
import secrets
import tomllib
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, cast

from clawpipe_tui.catalog import shipped
from clawpipe_tui.commands.output import out, talk
from clawpipe_tui.config import state_folder
from clawpipe_tui.errors import OK, ConfigError, UsageError
from clawpipe_tui.serving.address import is_loopback
from clawpipe_tui.serving.credentials import private_file
from clawpipe_tui.serving.seam import Route

if TYPE_CHECKING:
    from clawpipe_tui.demo.access import Account, Scope
    from clawpipe_tui.demo.running import Certificates

_MODEL = "flight-delay"
_ROUTES = (Route("v42", 80.0), Route("v43", 20.0, "canary"))
_EVERYTHING = ("read", "operate", "approve", "predict")


def run(given: argparse.Namespace) -> int:
    """Serve until interrupted. Raises UsageError, ConfigError, ServingError."""
    for needed in ("starlette", "uvicorn", "limits"):
        if importlib.util.find_spec(needed) is None:
            raise UsageError(f"Serving needs {needed}.", "Install it: pip install 'clawpipe-tui[demo]'.")
    from clawpipe_tui.demo.deployment import Settings, load_deployment
    from clawpipe_tui.demo.parquet_log import log_table
    from clawpipe_tui.demo.prediction_log import PredictionLog
    from clawpipe_tui.demo.running import serve_in_thread
    from clawpipe_tui.demo.server import reference_app
    from clawpipe_tui.demo.store import Store

    certificates = _certificates(given)
    if not is_loopback(given.host) and certificates is None:
        raise UsageError(f"{given.host} is not this machine alone.", "Give --cert and --key: tokens travel encrypted.")
    folder = Path(given.state) if given.state else state_folder() / "serving"
    before = (Route("v42", 100.0),)
    settings = Settings(
        deployments=(load_deployment(shipped("sample_data") / "versions", _MODEL, _ROUTES, before),),
        store=Store(folder / "serving.db"),
        accounts=_accounts(folder / "tokens.toml"),
        log=PredictionLog(folder / "logs", log_table),
        time_limit_ms=2_000.0,
        second_person=frozenset({_MODEL} if given.second_person else ()),
    )
    running = serve_in_thread(reference_app(settings), given.port, host=given.host, certificates=certificates)
    out(running.url)
    talk(f"State, predictions and tokens: {folder}. Stop with ctrl+c.")
    try:
        Event().wait()
    except KeyboardInterrupt:
        pass
    finally:
        running.stop()
        settings.store.close()
    return OK


def _certificates(given: argparse.Namespace) -> Certificates | None:
    from clawpipe_tui.demo.running import Certificates

    if not given.cert:
        return None
    if not given.key:
        raise UsageError("A certificate needs its key.", "Give --key FILE.")
    private_file(Path(given.key), "key")
    return Certificates(given.cert, given.key, given.client_ca)


def _accounts(path: Path) -> dict[str, Account]:
    """Who may come in: name → digest of the token and scopes. The first start makes one token and shows it once."""
    from clawpipe_tui.demo.access import SCOPES, Account, digest

    if not path.exists():
        token = secrets.token_urlsafe(32)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(f'[operator]\nsha256 = "{digest(token)}"\nscopes = {list(_EVERYTHING)}\n', encoding="utf-8")
        talk(f"A token was made for 'operator'. It is shown this once: {token}")
    private_file(path, "token list")
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}.") from error
    found: dict[str, Account] = {}
    for name, value in table.items():
        fields = cast("dict[str, object]", value) if isinstance(value, dict) else {}
        scopes = {str(scope) for scope in cast("list[object]", fields.get("scopes", []))}
        sha256 = fields.get("sha256")
        if not isinstance(sha256, str) or not scopes <= SCOPES:
            raise ConfigError(f"{path}: [{name}] needs sha256 and scopes.", f"Scopes: {', '.join(sorted(SCOPES))}.")
        found[sha256] = Account(name, frozenset(cast("set[Scope]", scopes)))
    return found
