"""The adapter for MLflow: a registry of versions, and an alias that names the live one.

An alias is a pointer: `mlflow models serve` resolves it once, so moving it moves no traffic until servers reload.
There is no compare-and-set, so the state is read again just before and just after. What served before, and by whose
change, is kept in a tag of the registered model, written before the alias moves.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Unpack
from urllib.parse import quote, urlencode

from clawpipe_tui.errors import ServingError
from clawpipe_tui.serving.api import JSON, Api, Options, fields_of, nothing_of
from clawpipe_tui.serving.errors import Invalid, NotFound, Unknown
from clawpipe_tui.serving.mlflow_document import age_of, document_of, pins_of, runtime_of
from clawpipe_tui.serving.payload import Fields, as_fields, as_list, encoded, name_of, plain, text
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
from clawpipe_tui.serving.seam import Applied, Capabilities, Change, Routing, VersionDocument

_API = "/api/2.0/mlflow"
_TAG = "clawpipe.change"
_PAGE = 200
_MOST_PAGES = 50
_LOCK_FILES = ("requirements.txt", "conda.yaml")


class Mlflow(Api):
    """Registry and router over one MLflow tracking server."""

    capabilities = Capabilities(guard="client", effect="pointer", split=False, shadow=False, persistent=True)

    def __init__(self, url: str, token: str = "", alias: str = "champion", **options: Unpack[Options]) -> None:
        super().__init__(url, token, **options)
        self._alias = alias or "champion"

    def identity(self) -> Mapping[str, str]:
        """`user:password` goes as Basic, as MLflow's own login wants it; anything else as a bearer token."""
        if ":" not in self._address.token:
            return self._address.headers
        return {"Authorization": "Basic " + base64.b64encode(self._address.token.encode()).decode()}

    def models(self) -> tuple[str, ...]:
        """The names of all registered models."""
        found = self._pages("registered-models/search", {}, "registered_models", "the list of models")
        return tuple(name_of(item, "name") for item in found)

    def versions(self, model: str) -> tuple[VersionDocument, ...]:
        """All versions of a model, oldest first, without what their runs know. Raises NotFound."""
        quoted = model.replace("\\", "\\\\").replace("'", "\\'")
        asked = f"the versions of {plain(model, 200)}"
        found = self._pages("model-versions/search", {"filter": f"name='{quoted}'"}, "model_versions", asked)
        if not found:
            raise NotFound(f"MLflow at {self.base} knows no version of {plain(model, 200)}.", "Check the name.")
        return tuple(sorted((document_of(item, {}, {}) for item in found), key=age_of))

    def version(self, model: str, version: str) -> VersionDocument:
        """One version, with the parameters, metrics and data sets of its run, and its lock. Raises NotFound."""
        asked = f"version {plain(version, 200)} of {plain(model, 200)}"
        found = self._fields("model-versions/get", {"name": model, "version": version}, asked)
        fields = as_fields(found.get("model_version"), "model_version")
        run_id = text(fields, "run_id")
        run = self._fields("runs/get", {"run_id": run_id}, f"the run of {asked}") if run_id else {}
        return document_of(fields, as_fields(run.get("run") or {}, "run"), self._lock(model, version))

    def _lock(self, model: str, version: str) -> Fields:
        """What was packed with the model: packages, and the Python that they were for; a file may be missing."""
        pins = next((pins for name in _LOCK_FILES if (pins := pins_of(self._file(model, version, name)))), [])
        return {"lock": pins, "runtime": runtime_of(self._file(model, version, "python_env.yaml"))}

    def _file(self, model: str, version: str, name: str) -> str:
        asked = urlencode({"name": model, "version": version, "path": name}, quote_via=quote, errors="replace")
        path = f"/model-versions/get-artifact?{asked}"
        try:
            return self._get(
                path, f"{name} of {plain(model, 200)}", lambda answer: answer.body.decode("utf-8", "replace")
            )
        except ServingError:
            return ""  # MLflow answers 404 or 500 where there is none, or where its store cannot be read

    def routing(self, model: str) -> Routing:
        """Where the alias points. Raises NotFound where the model, or its alias, is unknown."""
        asked = f"the model {plain(model, 200)}"
        fields = as_fields(
            self._fields("registered-models/get", {"name": model}, asked).get("registered_model"), "model"
        )
        aliases = [as_fields(item, "an alias") for item in as_list(fields.get("aliases") or [], "aliases")]
        live = next((name_of(item, "version") for item in aliases if item.get("alias") == self._alias), None)
        if live is None:
            known = ", ".join(sorted(text(item, "alias") for item in aliases)) or "none"
            raise NotFound(
                f"{plain(model, 200)} has no alias {self._alias!r} in MLflow.",
                f"Name it in [serving] alias; known: {known}.",
            )
        return _routing(model, live, _record(fields, f"{_TAG}.{self._alias}"))

    def describe(self, change: Change) -> str:
        """The two literal requests that `apply` would send: the record, then the alias."""
        requests = [self._tag_request(change, "<what serves now>", LATER, {}), self._alias_request(change)]
        return "\n\n".join(
            self._literal("POST", f"{_API}/{path}", JSON, json.dumps(body, indent=2, ensure_ascii=False))
            for path, body in requests
        )

    def apply(self, change: Change) -> Applied:
        """Move the alias once. Raises Conflict, Denied, Invalid, NotFound, Unavailable or Unknown."""
        before = self.routing(change.model)
        if before.change_key == change.key:
            return Applied(before, before.change_id, replayed=True)
        if before.token != change.expected:
            raise taken(before)
        if len(change.routes) != 1:
            raise Invalid("An MLflow alias points to one version; traffic cannot be split.", "Nothing was changed.")
        what = f"the alias of {plain(change.model, 200)}"
        path, record = self._tag_request(change, before.routes[0].version, sent_at(), _kept(before))
        # A lost answer to the record is no lost change: the alias has not been touched yet.
        self._ask(f"{_API}/{path}", encoded(record), what, nothing_of)
        path, move = self._alias_request(change)
        self._write("POST", f"{_API}/{path}", JSON, encoded(move), what, nothing_of)
        after = read_back(self.routing, change)
        if after.routes != change.routes:
            message = f"The alias was moved and now points to {after.routes[0].version}: someone else moved it, too."
            raise Unknown(message, "Look at the registry before you do anything else.")
        return Applied(after, after.change_id)

    def find_change(self, model: str, key: str) -> str | None:
        """The id of the last change where it has this key and the alias points where it said; else None."""
        current = self.routing(model)
        return current.change_id if current.change_key == key else None

    def _tag_request(self, change: Change, serving: str, at: str, earlier: Fields) -> tuple[str, Fields]:
        more = {"from": serving, "to": change.routes[0].version, "alias": self._alias, "earlier": earlier}
        value = written(record_of(change, "alias", at, **more))
        return "registered-models/set-tag", {"name": change.model, "key": f"{_TAG}.{self._alias}", "value": value}

    def _alias_request(self, change: Change) -> tuple[str, Fields]:
        fields = {"name": change.model, "alias": self._alias, "version": change.routes[0].version}
        return "registered-models/alias", fields

    def _pages(self, path: str, asked: Mapping[str, str], name: str, what: str) -> list[Fields]:
        found: list[Fields] = []
        page = ""
        for _ in range(_MOST_PAGES):
            fields = self._fields(
                path, {**asked, "max_results": str(_PAGE), **({"page_token": page} if page else {})}, what
            )
            found += [as_fields(item, "an entry") for item in as_list(fields.get(name) or [], name)]
            page = text(fields, "next_page_token")
            if not page:
                break
        return found

    def _fields(self, path: str, query: Mapping[str, str], what: str) -> Fields:
        asked = urlencode(query, quote_via=quote, errors="replace")
        return self._get(f"{_API}/{path}?{asked}", what, fields_of)


def _kept(routing: Routing) -> Fields:
    """The record of the last move, kept in the next one: should that one be refused, the last is still known."""
    previous = routing.previous[0].version if routing.previous else ""
    at = routing.changed_at.isoformat() if routing.changed_at else ""
    record = {"id": routing.change_id, "key": routing.change_key, "by": routing.changed_by, "at": at}
    return {**record, "from": previous, "to": routing.routes[0].version, "reason": routing.reason}


def _record(model: Fields, key: str) -> Fields:
    """The record that the last move of this alias left; empty where there is none that can be read."""
    tags = [as_fields(item, "a tag") for item in as_list(model.get("tags") or [], "tags")]
    return read_record(next((tag.get("value") for tag in tags if tag.get("key") == key), None))


def _routing(model: str, live: str, last: Fields) -> Routing:
    """The alias with its record; a record of a move that did not come to be, or that came before another, is none."""
    records = [last, as_fields(last.get("earlier") or {}, "the record")]
    record: Fields = next((known for known in records if known.get("to") == live), {})
    earlier = text(record, "from")
    token = token_of(live, text(record, "id"))
    return recorded(model, alone(live), token, record, alone(earlier) if earlier else None)
