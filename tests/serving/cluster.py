"""A Kubernetes API server that fits into a test: it enforces resourceVersion, notes who set what, and lets few in.

Its objects are recorded in the API's own form in kubernetes/*.json; small controllers follow what is asked for.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, cast

import httpx

HERE = Path(__file__).parent / "kubernetes"
APP = "flight-delay"
DEPLOYMENTS = "/apis/apps/v1/namespaces/ml/deployments"
REPLICA_SETS = "/apis/apps/v1/namespaces/ml/replicasets"
ROLLOUTS = "/apis/argoproj.io/v1alpha1/namespaces/ml/rollouts"
SERVICES = "/apis/serving.kserve.io/v1beta1/namespaces/ml/inferenceservices"
REVISIONS = "/apis/serving.knative.dev/v1/namespaces/ml/revisions"
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

Object = dict[str, Any]  # a test's own JSON: whatever the recorded answers hold
Controller = Callable[["FakeCluster"], None]


def recorded(name: str) -> Object:
    """One recorded answer."""
    return cast("Object", json.loads((HERE / f"{name}.json").read_text()))


@dataclass
class FakeCluster:
    """Objects by their path, controllers that follow, and what was asked."""

    objects: dict[str, Object] = field(default_factory=dict[str, Object])
    controllers: tuple[Controller, ...] = ()
    denied: set[str] = field(default_factory=set[str])
    """Resources that may not be patched."""
    token: str = ""
    page: int = 2
    asked: list[str] = field(default_factory=list[str])
    writes: int = 0
    clock: int = 5000
    _lock: Lock = field(default_factory=Lock)

    def put(self, collection: str, *objects: Object) -> FakeCluster:
        """Have these objects."""
        for each in objects:
            self.objects[f"{collection}/{each['metadata']['name']}"] = each
        return self

    def one(self, collection: str, name: str = APP) -> Object:
        """The object as it is kept."""
        return self.objects[f"{collection}/{name}"]

    def transport(self) -> httpx.MockTransport:
        """What a client is given instead of a socket."""
        return httpx.MockTransport(self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """One request at a time, as a store would."""
        with self._lock:
            self.asked.append(f"{request.method} {request.url.raw_path.decode()}")
            if self.token and request.headers.get("authorization") != f"Bearer {self.token}":
                return status(401, "Unauthorized", "Unauthorized")
            if request.method == "POST" and request.url.path == _REVIEWS:
                return self._review(json.loads(request.content))
            if request.method == "PATCH":
                return self._patch(request)
            if request.method == "GET":
                return self._get(request)
            return status(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")

    def touch(self, collection: str, name: str = APP) -> None:
        """What a controller does all the time: it notes something in the status."""
        self.clock += 1
        self.one(collection, name)["metadata"]["resourceVersion"] = str(self.clock)

    def _review(self, review: Object) -> httpx.Response:
        about = review["spec"]["resourceAttributes"]
        resource = "/".join(filter(None, (about["resource"], about.get("subresource"))))
        allowed = resource not in self.denied
        said = {"allowed": allowed} if allowed else {"allowed": False, "reason": 'RBAC: role "viewer" is read-only'}
        return httpx.Response(201, json={**review, "status": said})

    def _get(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path in self.objects:
            return httpx.Response(200, json=self.objects[path])
        group = path.rsplit("/", 1)[0]
        if any(key.rsplit("/", 1)[0] == path for key in self.objects):
            return self._list(request)
        name = path.rsplit("/", 1)[1]
        return status(404, "NotFound", f'{group.rsplit("/", 1)[1]} "{name}" not found')

    def _list(self, request: httpx.Request) -> httpx.Response:
        """By label, a page at a time."""
        path, wanted = request.url.path, request.url.params.get("labelSelector", "")
        pairs = [pair.partition("=")[::2] for pair in wanted.split(",") if pair]
        found = [
            each
            for key, each in self.objects.items()
            if key.rsplit("/", 1)[0] == path
            and all(each["metadata"].get("labels", {}).get(label) == value for label, value in pairs)
        ]
        begin = int(request.url.params.get("continue") or 0)
        size = min(int(request.url.params["limit"]), self.page)
        more = {"continue": str(begin + size)} if begin + size < len(found) else {}
        return httpx.Response(200, json={"items": found[begin : begin + size], "metadata": more})

    def _patch(self, request: httpx.Request) -> httpx.Response:
        path, _, _below = request.url.path.partition("/status")
        resource = path.rsplit("/", 2)[1] + ("/status" if request.url.path.endswith("/status") else "")
        if path not in self.objects:
            return status(404, "NotFound", f'"{path.rsplit("/", 1)[1]}" not found')
        if resource in self.denied:
            return status(403, "Forbidden", f'{resource} is forbidden: User "ada" cannot patch resource "{resource}"')
        old = self.objects[path]
        try:
            new = _PATCHES[request.headers["content-type"]](copy.deepcopy(old), json.loads(request.content))
        except (LookupError, ValueError) as error:
            return status(422, "Invalid", f"the server rejected our request due to an error in our request: {error}")
        if new["metadata"]["resourceVersion"] != old["metadata"]["resourceVersion"]:
            message = f'Operation cannot be fulfilled on {resource} "{new["metadata"]["name"]}": the object has been '
            return status(409, "Conflict", message + "modified; please apply your changes to the latest version")
        if resource.endswith("/status"):
            new = {**old, "status": new["status"], "metadata": {**old["metadata"]}}
        elif path.startswith((ROLLOUTS, DEPLOYMENTS, SERVICES)):
            new["status"] = old["status"]
        self.clock += 1
        new["metadata"]["resourceVersion"] = str(self.clock)
        if new["spec"] != old["spec"]:
            new["metadata"]["generation"] += 1
        if request.url.params.get("dryRun") == "All":
            return httpx.Response(200, json=new)
        assert request.url.params["fieldManager"] == "clawpipe-tui"
        self.writes += 1
        self.objects[path] = new
        kept = copy.deepcopy(new)
        for controller in self.controllers:
            controller(self)
        return httpx.Response(200, json=kept)


def status(code: int, reason: str, message: str) -> httpx.Response:
    """A refusal as the API server words it."""
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "reason": reason}
    return httpx.Response(code, json={**body, "code": code})


def _merged(old: Object, patch: Object) -> Object:
    """RFC 7396."""
    for key, value in patch.items():
        if value is None:
            old.pop(key, None)
        elif isinstance(value, dict):
            below: Object = old[key] if isinstance(old.get(key), dict) else {}
            old[key] = _merged(below, cast("Object", value))
        else:
            old[key] = value
    return old


def _stepped(old: Object, steps: list[Object]) -> Object:
    """RFC 6902, as far as it is used."""
    for step in steps:
        *way, last = [part.replace("~1", "/").replace("~0", "~") for part in step["path"].split("/")[1:]]
        place: Any = old
        for part in way:
            place = place[int(part)] if isinstance(place, list) else place[part]
        key: Any = int(last) if isinstance(place, list) else last
        if step["op"] == "test" and place[key] != step["value"]:
            raise ValueError(f"testing value {step['path']} failed")
        if step["op"] == "replace":
            _ = place[key]
        if step["op"] in {"add", "replace"}:
            place[key] = step["value"]
    return old


_PATCHES: dict[str, Callable[[Object, Any], Object]] = {
    "application/merge-patch+json": _merged,
    "application/json-patch+json": _stepped,
}

# What clusters are made of


def deployed() -> FakeCluster:
    """v42 in four pods, again, for v43 was taken back; v41 before both."""
    found = FakeCluster(controllers=(roll_pods,))
    return found.put(DEPLOYMENTS, recorded("deployment")).put(REPLICA_SETS, *recorded("replicasets")["items"])


def rolled_out(*, canary: bool = True) -> FakeCluster:
    """An Argo Rollout: v42 stable, v43 a canary with 20 %; else v42 alone, without steps."""
    rollout = recorded("rollout")
    if not canary:
        rollout["spec"]["strategy"] = {"canary": {}}
        stable = recorded("rollout-replicasets")["items"][1]["spec"]["template"]
        rollout["spec"]["template"] = _unhashed(stable)
        rollout["status"] |= {
            "currentPodHash": rollout["status"]["stableRS"],
            "phase": "Healthy",
            "canary": {},
            "updatedReplicas": 5,
        }
    sets = recorded("rollout-replicasets")["items"]
    return FakeCluster(controllers=(argo,)).put(ROLLOUTS, rollout).put(REPLICA_SETS, *sets)


def served(*, percent: int = 20) -> FakeCluster:
    """KServe, serverless: three revisions, the newest with this share."""
    service = recorded("inferenceservice")
    service["spec"]["predictor"]["canaryTrafficPercent"] = percent
    return FakeCluster(controllers=(knative,)).put(SERVICES, service).put(REVISIONS, *recorded("revisions")["items"])


def served_raw(**percents: int) -> FakeCluster:
    """KServe in raw deployment: v42, and two canaries with these shares."""
    service = recorded("inferenceservice-raw")
    for canary in service["spec"]["canary"]:
        name = canary["predictor"]["name"]
        canary["trafficPercent"] = percents.get(name, canary["trafficPercent"])
    return FakeCluster().put(SERVICES, service)


# Their controllers


def _unhashed(template: Object) -> Object:
    kept = copy.deepcopy(template)
    kept["metadata"].pop("creationTimestamp", None)
    for label in ("pod-template-hash", "rollouts-pod-template-hash"):
        kept["metadata"]["labels"].pop(label, None)
    return kept


def _sets(cluster: FakeCluster, owner: Object) -> Iterator[Object]:
    for path, each in cluster.objects.items():
        if path.startswith(REPLICA_SETS) and each["metadata"]["ownerReferences"][0]["uid"] == owner["metadata"]["uid"]:
            yield each


def _current(cluster: FakeCluster, owner: Object, key: str) -> Object:
    """The ReplicaSet with these pods; becoming the current one, it gets a new number."""
    sets = list(_sets(cluster, owner))
    wanted = _unhashed(owner["spec"]["template"])
    found = next(each for each in sets if _unhashed(each["spec"]["template"]) == wanted)
    highest = max(int(each["metadata"]["annotations"][key]) for each in sets)
    if int(found["metadata"]["annotations"][key]) < highest:
        found["metadata"]["annotations"][key] = str(highest + 1)
    return found


def roll_pods(cluster: FakeCluster) -> None:
    """The Deployment controller: it sees the change, and the first of four pods is a new one."""
    owner = cluster.one(DEPLOYMENTS)
    _current(cluster, owner, "deployment.kubernetes.io/revision")
    if owner["status"]["observedGeneration"] != owner["metadata"]["generation"]:
        owner["status"] |= {"observedGeneration": owner["metadata"]["generation"], "updatedReplicas": 1, "replicas": 5}
        cluster.touch(DEPLOYMENTS)


def argo(cluster: FakeCluster) -> None:
    """The Argo Rollouts controller."""
    owner = cluster.one(ROLLOUTS)
    said, steps = owner["status"], owner["spec"]["strategy"]["canary"].get("steps", [])
    found = _current(cluster, owner, "rollout.argoproj.io/revision")
    current = found["metadata"]["labels"]["rollouts-pod-template-hash"]
    if said["currentPodHash"] != current:
        said |= {"currentPodHash": current, "abort": False, "currentStepIndex": 0, "canary": {}}
        said["promoteFull"] = not steps
    if said.get("promoteFull"):
        said |= {"stableRS": current, "promoteFull": False, "phase": "Healthy", "canary": {}}
    if said.get("abort"):
        said |= {"phase": "Degraded", "message": "RolloutAborted: Rollout aborted update", "canary": {}}
    said["observedGeneration"] = str(owner["metadata"]["generation"])
    cluster.touch(ROLLOUTS)


def knative(cluster: FakeCluster) -> None:
    """The KServe controller."""
    service = cluster.one(SERVICES)
    percent = service["spec"]["predictor"].get("canaryTrafficPercent", 100)
    traffic = service["status"]["components"]["predictor"]["traffic"]
    traffic[0]["percent"], traffic[1]["percent"] = percent, 100 - percent
    service["status"]["observedGeneration"] = service["metadata"]["generation"]
    cluster.touch(SERVICES)
