"""The adapter for Triton and what speaks its Open Inference Protocol: a router that loads another version of a model.

`load` with the model's configuration and another `version_policy` moves traffic without a failed request; a version
that cannot be loaded is refused, and the old one keeps serving. There is no compare-and-set, and nothing outlives a
restart of the server; what served before is kept in the configuration's `parameters`. Versions come from a registry.
"""

from __future__ import annotations

import getpass
import hashlib
import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, cast
from urllib.parse import quote

from clawpipe_tui.serving.address import address
from clawpipe_tui.serving.errors import Conflict, Invalid, Unavailable, Unknown
from clawpipe_tui.serving.payload import Fields, MalformedError, as_fields, as_list, moment_of, parse, plain, text
from clawpipe_tui.serving.refusal import Asked, not_understood, refusal
from clawpipe_tui.serving.seam import Applied, Capabilities, Change, Route, Routing

if TYPE_CHECKING:
    import httpx

    from clawpipe_tui.serving.trust import Trust
    from clawpipe_tui.serving.wire import Wire

_PARAMETER = "clawpipe_change"


class Triton:
    """Moves a model from one version to another."""

    capabilities = Capabilities(guard="client", effect="traffic", split=False, shadow=False, persistent=False)

    def __init__(
        self,
        url: str,
        token: str = "",
        transport: httpx.BaseTransport | None = None,
        timeout_s: float = 30.0,
        *,
        trust: Trust | None = None,
        plain_http_hosts: Collection[str] = (),
    ) -> None:
        self._address = address(url, token, plain_http_hosts)
        self._transport, self._timeout_s, self._trust = transport, timeout_s, trust
        self._opened: Wire | None = None
        self._opening = Lock()

    @property
    def _wire(self) -> Wire:
        with self._opening:
            if self._opened is None:
                from clawpipe_tui.serving.wire import Wire

                self._opened = Wire(
                    self._address.base, self._address.headers, self._transport, self._timeout_s, self._trust
                )
            return self._opened

    def routing(self, model: str) -> Routing:
        """The version that is ready, with the record that the last move left. Raises NotFound, Unavailable."""
        asked = Asked(self._address.base, f"the model {plain(model, 200)}")
        ready = self._ready(model, asked)
        record = _record(self._config(model, asked))
        if record.get("to") != ready:
            record = {}
        earlier = text(record, "from")
        return Routing(
            model=model,
            routes=(Route(ready, 100.0),),
            token=hashlib.sha256(json.dumps([ready, text(record, "id")]).encode()).hexdigest(),
            previous=(Route(earlier, 100.0),) if earlier else None,
            changed_at=moment_of(record, "at"),
            changed_by=text(record, "by"),
            change_id=text(record, "id"),
            change_key=text(record, "key"),
            reason=text(record, "reason"),
        )

    def describe(self, change: Change) -> str:
        """The literal request that `apply` would send; the model's configuration is filled in when it is sent."""
        body = _load({"…": "the model's configuration as it is"}, change, "<what serves now>", "<now>")
        path = _load_path(change.model)
        return f"POST {self._address.base}{path}\n\n{json.dumps(body, indent=2, ensure_ascii=False)}"

    def apply(self, change: Change) -> Applied:
        """Load the version once. Raises Conflict, Denied, Invalid, NotFound, Unavailable or Unknown."""
        before = self.routing(change.model)
        if before.change_key == change.key:
            return Applied(before, before.change_id, replayed=True)
        if before.token != change.expected:
            raise Conflict(
                f"Someone else was first: {change.model} now serves {before.routes[0].version}.",
                "Nothing was changed by you. Plan again.",
                current=before,
            )
        wanted = change.routes[0].version
        if len(change.routes) != 1 or not wanted.isascii() or not wanted.isdigit():
            raise Invalid("Triton serves one numbered version of a model at a time.", "Nothing was changed.")
        asked = Asked(self._address.base, f"version {plain(wanted, 50)} of {plain(change.model, 200)}", write=True)
        config = self._config(change.model, asked)
        body = _load(config, change, before.routes[0].version, datetime.now(UTC).isoformat())
        sent = json.dumps(body, ensure_ascii=False).encode()
        answer = self._wire.write("POST", _load_path(change.model), {"Content-Type": "application/json"}, sent)
        if not 200 <= answer.status < 300:
            raise refusal(asked, answer)
        after = self.routing(change.model)
        if after.change_key != change.key:
            message = (
                f"The version was loaded, and {change.model} now serves {after.routes[0].version}: someone else acted."
            )
            raise Unknown(message, "Look at the server before you do anything else.")
        return Applied(after, after.change_id)

    def find_change(self, model: str, key: str) -> str | None:
        """The id of the last change where it has this key and is in force; else None."""
        current = self.routing(model)
        return current.change_id if current.change_key == key else None

    def close(self) -> None:
        """Drop the connections."""
        if self._opened is not None:
            self._opened.close()

    def _ready(self, model: str, asked: Asked) -> str:
        """The highest version that is ready: Triton answers with it where a request names none."""
        listed = self._read("/v2/repository/index", asked, post=True)
        entries = [as_fields(item, "an entry") for item in as_list(listed, "the index")]
        ready = [
            text(item, "version") for item in entries if item.get("name") == model and item.get("state") == "READY"
        ]
        numbered = [version for version in ready if version.isascii() and version.isdigit()]
        if not numbered:
            raise Unavailable(f"No version of {plain(model, 200)} is ready at {self._address.base}.", "Check its name.")
        return max(numbered, key=int)

    def _config(self, model: str, asked: Asked) -> Fields:
        return as_fields(self._read(f"/v2/models/{quote(model, safe='')}/config", asked), "the configuration")

    def _read(self, path: str, asked: Asked, *, post: bool = False) -> object:
        # The index is asked by POST, though it changes nothing.
        answer = self._wire.write("POST", path, {}, b"{}") if post else self._wire.get(path)
        if not 200 <= answer.status < 300:
            raise refusal(asked, answer)
        try:
            return parse(answer.body)
        except MalformedError as error:
            raise not_understood(asked, answer, error) from error


def _load_path(model: str) -> str:
    return f"/v2/repository/models/{quote(model, safe='')}/load"


def _load(config: Fields, change: Change, serving: str, at: str) -> Mapping[str, object]:
    """The request's body: the same configuration with another version, and the record of this change in it."""
    version = change.routes[0].version
    record = {
        "id": f"load-{change.key}",
        "key": change.key,
        "by": getpass.getuser(),
        "at": at,
        "from": serving,
        "to": version,
        "reason": plain(change.reason, 300),
        "reference": plain(change.reference, 200),
    }
    parameters = cast("Fields", config.get("parameters") or {})
    kept = {**parameters, _PARAMETER: {"string_value": json.dumps(record, ensure_ascii=False)}}
    policy = {"specific": {"versions": [int(version) if version.isascii() and version.isdigit() else version]}}
    wanted = {**config, "version_policy": policy, "parameters": kept}
    return {"parameters": {"config": json.dumps(wanted, ensure_ascii=False)}}


def _record(config: Fields) -> Fields:
    try:
        parameters = as_fields(config.get("parameters") or {}, "parameters")
        kept = as_fields(parameters.get(_PARAMETER) or {}, "the record")
        return as_fields(parse(text(kept, "string_value") or "{}"), "the record")
    except MalformedError:
        return {}
