"""The adapter for MLflow: a registry of versions, and an alias that names the live one.

An alias is a pointer: `mlflow models serve` resolves it once, so moving it moves no traffic until servers reload.
There is no compare-and-set, so the state is read again just before and just after. What served before, and by whose
change, is kept in a tag of the registered model, written before the alias moves.
"""

from __future__ import annotations

import base64
import getpass
import hashlib
import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, cast
from urllib.parse import quote, urlencode

from clawpipe_tui.serving.address import Address, address
from clawpipe_tui.serving.errors import Conflict, Invalid, NotFound, Unknown
from clawpipe_tui.serving.payload import (
    Fields,
    MalformedError,
    as_fields,
    as_list,
    harmless,
    moment_of,
    name_of,
    parse,
    plain,
    text,
)
from clawpipe_tui.serving.refusal import Asked, not_understood, refusal
from clawpipe_tui.serving.seam import Applied, Capabilities, Change, Route, Routing, VersionDocument

if TYPE_CHECKING:
    import httpx

    from clawpipe_tui.serving.trust import Trust
    from clawpipe_tui.serving.wire import Wire

_API = "/api/2.0/mlflow"
_TAG = "clawpipe.change"
_PAGE = 200
_MOST_PAGES = 50


class Mlflow:
    """Registry and router over one MLflow tracking server."""

    capabilities = Capabilities(guard="client", effect="pointer", split=False, shadow=False, persistent=True)

    def __init__(
        self,
        url: str,
        token: str = "",
        alias: str = "champion",
        transport: httpx.BaseTransport | None = None,
        timeout_s: float = 10.0,
        *,
        trust: Trust | None = None,
        plain_http_hosts: Collection[str] = (),
    ) -> None:
        self._address = address(url, token, plain_http_hosts)
        self._alias = alias or "champion"
        self._transport, self._timeout_s, self._trust = transport, timeout_s, trust
        self._opened: Wire | None = None
        self._opening = Lock()

    @property
    def _wire(self) -> Wire:
        with self._opening:
            if self._opened is None:
                from clawpipe_tui.serving.wire import Wire

                headers = _authorisation(self._address)
                self._opened = Wire(self._address.base, headers, self._transport, self._timeout_s, self._trust)
            return self._opened

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
            raise NotFound(
                f"MLflow at {self._address.base} knows no version of {plain(model, 200)}.", "Check the name."
            )
        return tuple(sorted((_document(item, {}) for item in found), key=_age))

    def version(self, model: str, version: str) -> VersionDocument:
        """One version, with the parameters, metrics and data sets of its run. Raises NotFound."""
        asked = f"version {plain(version, 200)} of {plain(model, 200)}"
        found = self._get("model-versions/get", {"name": model, "version": version}, asked)
        fields = as_fields(found.get("model_version"), "model_version")
        run_id = text(fields, "run_id")
        run = self._get("runs/get", {"run_id": run_id}, f"the run of {asked}") if run_id else {}
        return _document(fields, as_fields(run.get("run") or {}, "run"))

    def routing(self, model: str) -> Routing:
        """Where the alias points. Raises NotFound where the model, or its alias, is unknown."""
        asked = f"the model {plain(model, 200)}"
        fields = as_fields(self._get("registered-models/get", {"name": model}, asked).get("registered_model"), "model")
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
        requests = [self._tag_request(change, "<what serves now>", "<now>", {}), self._alias_request(change)]
        return "\n\n".join(
            f"POST {self._address.base}{_API}/{path}\n\n{json.dumps(body, indent=2, ensure_ascii=False)}"
            for path, body in requests
        )

    def apply(self, change: Change) -> Applied:
        """Move the alias once. Raises Conflict, Denied, Invalid, NotFound, Unavailable or Unknown."""
        before = self.routing(change.model)
        if before.change_key == change.key:
            return Applied(before, before.change_id, replayed=True)
        if before.token != change.expected:
            raise Conflict(
                f"Someone else was first: the alias {self._alias} now points to {before.routes[0].version}.",
                "Nothing was changed by you. Plan again.",
                current=before,
            )
        if len(change.routes) != 1:
            raise Invalid("An MLflow alias points to one version; traffic cannot be split.", "Nothing was changed.")
        now = datetime.now(UTC).isoformat()
        self._post(*self._tag_request(change, before.routes[0].version, now, _kept(before)), change.model)
        self._post(*self._alias_request(change), change.model)
        after = self.routing(change.model)
        if after.routes != change.routes:
            message = f"The alias was moved and now points to {after.routes[0].version}: someone else moved it, too."
            raise Unknown(message, "Look at the registry before you do anything else.")
        return Applied(after, after.change_id)

    def find_change(self, model: str, key: str) -> str | None:
        """The id of the last change where it has this key and the alias points where it said; else None."""
        current = self.routing(model)
        return current.change_id if current.change_key == key else None

    def close(self) -> None:
        """Drop the connections."""
        if self._opened is not None:
            self._opened.close()

    def _tag_request(self, change: Change, serving: str, at: str, earlier: Fields) -> tuple[str, Fields]:
        record: dict[str, object] = {
            "id": f"alias-{change.key}",
            "key": change.key,
            "by": getpass.getuser(),
            "at": at,
            "from": serving,
            "to": change.routes[0].version,
            "alias": self._alias,
            "reason": plain(change.reason, 300),
            "reference": plain(change.reference, 200),
            "earlier": earlier,
        }
        value = json.dumps(record, ensure_ascii=False)
        return "registered-models/set-tag", {"name": change.model, "key": f"{_TAG}.{self._alias}", "value": value}

    def _alias_request(self, change: Change) -> tuple[str, Fields]:
        fields = {"name": change.model, "alias": self._alias, "version": change.routes[0].version}
        return "registered-models/alias", fields

    def _pages(self, path: str, asked: Mapping[str, str], name: str, what: str) -> list[Fields]:
        found: list[Fields] = []
        page = ""
        for _ in range(_MOST_PAGES):
            fields = self._get(
                path, {**asked, "max_results": str(_PAGE), **({"page_token": page} if page else {})}, what
            )
            found += [as_fields(item, "an entry") for item in as_list(fields.get(name) or [], name)]
            page = text(fields, "next_page_token")
            if not page:
                break
        return found

    def _get(self, path: str, query: Mapping[str, str], what: str) -> Fields:
        answer = self._wire.get(f"{_API}/{path}?{urlencode(query, quote_via=quote)}")
        asked = Asked(self._address.base, what)
        if not 200 <= answer.status < 300:
            raise refusal(asked, answer)
        try:
            return as_fields(parse(answer.body), "the answer")
        except MalformedError as error:
            raise not_understood(asked, answer, error) from error

    def _post(self, path: str, fields: Fields, model: str) -> None:
        body = json.dumps(fields, ensure_ascii=False).encode()
        answer = self._wire.write("POST", f"{_API}/{path}", {"Content-Type": "application/json"}, body)
        if not 200 <= answer.status < 300:
            raise refusal(Asked(self._address.base, f"the alias of {plain(model, 200)}", write=True), answer)


def _authorisation(where: Address) -> dict[str, str]:
    """`user:password` goes as Basic, as MLflow's own login wants it; anything else as a bearer token."""
    if ":" not in where.token:
        return where.headers
    return {"Authorization": "Basic " + base64.b64encode(where.token.encode()).decode()}


def _kept(routing: Routing) -> Fields:
    """The record of the last move, kept in the next one: should that one be refused, the last is still known."""
    previous = routing.previous[0].version if routing.previous else ""
    at = routing.changed_at.isoformat() if routing.changed_at else ""
    record = {"id": routing.change_id, "key": routing.change_key, "by": routing.changed_by, "at": at}
    return {**record, "from": previous, "to": routing.routes[0].version, "reason": routing.reason}


def _record(model: Fields, key: str) -> Fields:
    """The record that the last move of this alias left; empty where there is none that can be read."""
    tags = [as_fields(item, "a tag") for item in as_list(model.get("tags") or [], "tags")]
    try:
        value = next((text(tag, "value") for tag in tags if tag.get("key") == key), "{}")
        return as_fields(parse(value), "the record")
    except MalformedError:
        return {}


def _routing(model: str, live: str, last: Fields) -> Routing:
    """The alias with its record; a record of a move that did not come to be, or that came before another, is none."""
    records = [last, as_fields(last.get("earlier") or {}, "the record")]
    record: Fields = next((known for known in records if known.get("to") == live), {})
    token = hashlib.sha256(json.dumps([live, text(record, "id")]).encode()).hexdigest()
    earlier = text(record, "from")
    return Routing(
        model=model,
        routes=(Route(live, 100.0),),
        token=token,
        previous=(Route(earlier, 100.0),) if earlier else None,
        changed_at=moment_of(record, "at"),
        changed_by=text(record, "by"),
        change_id=text(record, "id"),
        change_key=text(record, "key"),
        reason=text(record, "reason"),
    )


def _document(version: Fields, run: Fields) -> VersionDocument:
    """MLflow's words in those of a version document."""
    data = as_fields(run.get("data") or {}, "data")
    inputs = as_fields(run.get("inputs") or {}, "inputs")
    made_at = _millis(version.get("creation_timestamp"))
    document: dict[str, object] = {
        "model": text(version, "name"),
        "version": text(version, "version"),
        "change_note": text(version, "description"),
        "artifact": {"uri": text(version, "source"), "run": text(version, "run_id")},
        "tags": _pairs(version.get("tags")),
        "hyperparameters": _pairs(data.get("params")),
        "metrics": _pairs(data.get("metrics")),
        "training_data": _datasets(inputs),
    }
    kept = {name: value for name, value in document.items() if value not in ("", {}, [])}
    return VersionDocument(
        model=name_of(version, "name"),
        version=name_of(version, "version"),
        created_at=made_at,
        created_by=text(version, "user_id"),
        change_note=text(version, "description"),
        document=cast("Fields", harmless(kept)),
    )


def _datasets(inputs: Fields) -> dict[str, object]:
    found = [as_fields(item, "an input") for item in as_list(inputs.get("dataset_inputs") or [], "dataset_inputs")]
    sets = [as_fields(item.get("dataset") or {}, "a data set") for item in found]
    return {text(item, "name"): {"digest": text(item, "digest"), "source": text(item, "source")} for item in sets}


def _pairs(value: object) -> dict[str, object]:
    """A list of {key, value} as a mapping."""
    items = [as_fields(item, "an entry") for item in as_list(value or [], "entries")]
    return {str(item.get("key", "")): item.get("value") for item in items}


def _millis(value: object) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(str(value)) / 1_000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _age(document: VersionDocument) -> tuple[int, str]:
    """MLflow numbers its versions."""
    number = document.version
    return (int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0, number)
