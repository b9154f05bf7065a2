"""One namespace of a Kubernetes API server: objects read, patched against the resourceVersion that was read, tried.

A patch that carries a resourceVersion is refused with 409 where the object has changed since; `dryRun=All` asks
admission and keeps nothing; a SelfSubjectAccessReview says what this identity may do.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast

from clawpipe_tui.errors import ConfigError
from clawpipe_tui.serving.api import Api, fields_of
from clawpipe_tui.serving.errors import Conflict, Invalid
from clawpipe_tui.serving.payload import Fields, as_fields, as_list, encoded, plain, quoted, text
from clawpipe_tui.serving.refusal import CHECK_IDENTITY
from clawpipe_tui.serving.seam import Permission
from clawpipe_tui.serving.trust import Trust

if TYPE_CHECKING:
    from collections.abc import Collection

    import httpx

MANAGER = "clawpipe-tui"
"""Whom the API server notes as the manager of the fields that a patch sets."""
_PAGE = 200
_MOST_PAGES = 50
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


@dataclass(frozen=True)
class Access:
    """How an API server is reached, and as whom; a token is asked for anew, for many live for minutes only."""

    url: str
    token: Callable[[], str] = field(default=lambda: "", repr=False)
    trust: Trust = field(default=Trust(), repr=False)
    namespace: str = ""
    plain_http_hosts: Collection[str] = ()
    hint: str = CHECK_IDENTITY


@dataclass(frozen=True)
class Kind:
    """A kind of object by its group, version and plural; `{}` in the path is the namespace."""

    group: str
    version: str
    plural: str
    word: str

    def path(self, namespace: str) -> str:
        """Where all of them are."""
        return f"/apis/{self.group}/{self.version}/namespaces/{namespace}/{self.plural}"


@dataclass(frozen=True)
class Patch:
    """One write to one object; the resourceVersion is added when it is sent, unless its own steps test what matters."""

    body: object
    form: Literal["merge-patch", "json-patch"] = "merge-patch"
    subresource: str = ""
    tests: bool = False

    def guarded(self, version: str) -> str:
        """As JSON, with the resourceVersion that must still be the object's."""
        if self.tests:
            body = self.body
        elif self.form == "json-patch":
            guard = {"op": "replace", "path": "/metadata/resourceVersion", "value": version}
            body = [guard, *cast("list[object]", self.body)]
        else:
            fields = cast("Fields", self.body)
            metadata = {"resourceVersion": version, **as_fields(fields.get("metadata") or {}, "metadata")}
            body = {**fields, "metadata": metadata}
        return json.dumps(body, indent=2, ensure_ascii=False)


class Cluster(Api):
    """What a console may ask of, and change in, one namespace."""

    def __init__(
        self,
        access: Access,
        namespace: str = "",
        transport: httpx.BaseTransport | None = None,
        timeout_s: float | None = None,
    ) -> None:
        self.namespace = namespace or access.namespace or "default"
        if not self.namespace.replace("-", "").isalnum() or not self.namespace.isascii():
            raise ConfigError(f"[serving] namespace is not the name of one: {plain(self.namespace, 100)}")
        self._token, self.hint = access.token, access.hint
        super().__init__(
            access.url,
            access.token(),
            transport=transport,
            timeout_s=timeout_s,
            trust=access.trust,
            plain_http_hosts=access.plain_http_hosts,
        )

    def identity(self) -> Mapping[str, str]:
        """A bearer token, where it is not the client certificate that says who we are."""
        token = self._token()
        return {"Authorization": f"Bearer {token}"} if token else {}

    def found(self, kind: Kind, name: str) -> Fields:
        """One object. Raises NotFound."""
        return self._get(self._path(kind, name), f"the {kind.word} {plain(name, 200)}", fields_of)

    def listed(self, kind: Kind, selector: str = "") -> list[Fields]:
        """All objects of a kind that have these labels."""
        found: list[Fields] = []
        begin = f"{kind.path(self.namespace)}?limit={_PAGE}"
        begin += f"&labelSelector={quoted(selector)}" if selector else ""
        page = ""
        for _ in range(_MOST_PAGES):
            more = f"&continue={quoted(page)}" if page else ""
            fields = self._get(begin + more, f"the {kind.word}s of {self.namespace}", fields_of)
            found += [as_fields(item, "an item") for item in as_list(fields.get("items") or [], "items")]
            page = text(as_fields(fields.get("metadata") or {}, "metadata"), "continue")
            if not page:
                break
        return found

    def literal(self, kind: Kind, name: str, patch: Patch, version: str) -> str:
        """The request as it will travel."""
        return self._literal("PATCH", self._target(kind, name, patch), _form(patch), patch.guarded(version))

    def patch(self, kind: Kind, name: str, patch: Patch, version: str) -> Fields:
        """The object after the patch. Raises Conflict where it is no longer at this resourceVersion."""
        what, body = f"the {kind.word} {plain(name, 200)}", patch.guarded(version).encode("utf-8", "replace")
        try:
            return self._write("PATCH", self._target(kind, name, patch), _form(patch), body, what, fields_of)
        except Invalid as failed:
            if not patch.tests:
                raise
            raise Conflict(f"It is no longer as it was when it was read. {failed.message}", failed.hint) from failed

    def note(self, kind: Kind, name: str, patch: Patch, version: str) -> Fields:
        """A patch that moves nothing by itself: where its answer is lost, nothing has happened yet."""
        what, body = f"the {kind.word} {plain(name, 200)}", patch.guarded(version).encode("utf-8", "replace")
        return self._try("PATCH", self._target(kind, name, patch), _form(patch), body, what, fields_of)

    def rehearse(self, kind: Kind, name: str, patch: Patch, version: str) -> None:
        """The same patch with dryRun=All: admission is asked, nothing is kept."""
        what, body = f"the {kind.word} {plain(name, 200)}", patch.guarded(version).encode("utf-8", "replace")
        path = f"{self._target(kind, name, patch)}&dryRun=All"
        self._try("PATCH", path, _form(patch), body, what, fields_of)

    def may_patch(self, kind: Kind, name: str, subresource: str = "") -> Permission:
        """Whether this identity may change that object, by the API server's own word."""
        about = {"namespace": self.namespace, "verb": "patch", "group": kind.group, "resource": kind.plural}
        about |= {"name": name} | ({"subresource": subresource} if subresource else {})
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": about},
        }
        said = self._ask(_REVIEWS, encoded(review), "what this identity may do", fields_of)
        status = as_fields(said.get("status") or {}, "status")
        resource = "/".join(filter(None, (kind.plural, subresource)))
        where = f"patch {resource} of {kind.group} in the namespace {self.namespace}"
        why = f" ({plain(text(status, 'reason'), 200)})" if text(status, "reason") else ""
        allowed = status.get("allowed") is True
        return Permission(allowed, f"may {where}" if allowed else f"may not {where}{why}")

    def _path(self, kind: Kind, name: str) -> str:
        return f"{kind.path(self.namespace)}/{quoted(name)}"

    def _target(self, kind: Kind, name: str, patch: Patch) -> str:
        below = f"/{patch.subresource}" if patch.subresource else ""
        return f"{self._path(kind, name)}{below}?fieldManager={MANAGER}"


def _form(patch: Patch) -> Mapping[str, str]:
    return {"Content-Type": f"application/{patch.form}+json"}
