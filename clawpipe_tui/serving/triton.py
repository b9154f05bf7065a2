"""The adapter for Triton and what speaks its Open Inference Protocol: a router that loads another version of a model.

`load` with the model's configuration and another `version_policy` moves traffic without a failed request; a version
that cannot be loaded is refused, and the old one keeps serving. There is no compare-and-set, and nothing outlives a
restart of the server; what served before is kept in the configuration's `parameters`. Versions come from a registry.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

from clawpipe_tui.serving.api import JSON, Api, fields_of, nothing_of
from clawpipe_tui.serving.errors import Invalid, Unavailable, Unknown
from clawpipe_tui.serving.payload import Fields, MalformedError, as_fields, as_list, encoded, parse, plain, quoted, text
from clawpipe_tui.serving.record import (
    LATER,
    alone,
    read_back,
    read_record,
    record_of,
    recorded,
    sent_at,
    taken,
    token_of,
    written,
)
from clawpipe_tui.serving.refusal import Answer
from clawpipe_tui.serving.seam import Applied, Capabilities, Change, Routing

_PARAMETER = "clawpipe_change"


class Triton(Api):
    """Moves a model from one version to another."""

    capabilities = Capabilities(guard="client", effect="traffic", split=False, shadow=False, persistent=False)
    patience_s = 30.0  # a load is answered when the version is ready

    def routing(self, model: str) -> Routing:
        """The version that is ready, with the record that the last move left. Raises NotFound, Unavailable."""
        ready = self._ready(model)
        record = _record(self._config(model))
        if record.get("to") != ready:
            record = {}
        earlier = text(record, "from")
        token = token_of(ready, text(record, "id"))
        return recorded(model, alone(ready), token, record, alone(earlier) if earlier else None)

    def describe(self, change: Change) -> str:
        """The literal request that `apply` would send; the model's configuration is filled in when it is sent."""
        body = _load({"…": "the model's configuration as it is"}, change, "<what serves now>", LATER)
        return self._literal("POST", _load_path(change.model), JSON, json.dumps(body, indent=2, ensure_ascii=False))

    def apply(self, change: Change) -> Applied:
        """Load the version once. Raises Conflict, Denied, Invalid, NotFound, Unavailable or Unknown."""
        before = self.routing(change.model)
        if before.change_key == change.key:
            return Applied(before, before.change_id, replayed=True)
        if before.token != change.expected:
            raise taken(before)
        wanted = change.routes[0].version
        if len(change.routes) != 1 or not wanted.isascii() or not wanted.isdigit():
            raise Invalid("Triton serves one numbered version of a model at a time.", "Nothing was changed.")
        body = _load(self._config(change.model), change, before.routes[0].version, sent_at())
        what = f"version {plain(wanted, 50)} of {plain(change.model, 200)}"
        self._write("POST", _load_path(change.model), JSON, encoded(body), what, nothing_of)
        return self._read_back(change)

    def find_change(self, model: str, key: str) -> str | None:
        """The id of the last change where it has this key and is in force; else None."""
        current = self.routing(model)
        return current.change_id if current.change_key == key else None

    def _read_back(self, change: Change) -> Applied:
        after = read_back(self.routing, change)
        if after.change_key != change.key:
            message = (
                f"The version was loaded, and {change.model} now serves {after.routes[0].version}: someone else acted."
            )
            raise Unknown(message, "Look at the server before you do anything else.")
        return Applied(after, after.change_id)

    def _ready(self, model: str) -> str:
        """The highest version that is ready: Triton answers with it where a request names none."""
        # The index is asked by POST, though it changes nothing.
        entries = self._ask("/v2/repository/index", b"{}", f"the model {plain(model, 200)}", _read_index)
        ready = [
            text(item, "version") for item in entries if item.get("name") == model and item.get("state") == "READY"
        ]
        numbered = [version for version in ready if version.isascii() and version.isdigit()]
        if not numbered:
            raise Unavailable(f"No version of {plain(model, 200)} is ready at {self.base}.", "Check its name.")
        return max(numbered, key=int)

    def _config(self, model: str) -> Fields:
        path = f"/v2/models/{quoted(model)}/config"
        return self._get(path, f"the configuration of {plain(model, 200)}", fields_of)


def _read_index(answer: Answer) -> list[Fields]:
    return [as_fields(item, "an entry") for item in as_list(parse(answer.body), "the index")]


def _load_path(model: str) -> str:
    return f"/v2/repository/models/{quoted(model)}/load"


def _load(config: Fields, change: Change, serving: str, at: str) -> Mapping[str, object]:
    """The request's body: the same configuration with another version, and the record of this change in it."""
    version = change.routes[0].version
    record = record_of(change, "load", at, **{"from": serving, "to": version})
    parameters = cast("Fields", config.get("parameters") or {})
    kept = {**parameters, _PARAMETER: {"string_value": written(record)}}
    policy = {"specific": {"versions": [int(version) if version.isascii() and version.isdigit() else version]}}
    wanted = {**config, "version_policy": policy, "parameters": kept}
    return {"parameters": {"config": json.dumps(wanted, ensure_ascii=False)}}


def _record(config: Fields) -> Fields:
    try:
        parameters = as_fields(config.get("parameters") or {}, "parameters")
        kept = as_fields(parameters.get(_PARAMETER) or {}, "the record")
    except MalformedError:
        return {}
    return read_record(kept.get("string_value"))
