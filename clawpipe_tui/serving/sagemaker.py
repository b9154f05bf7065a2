"""The adapter for SageMaker: the weights of an endpoint's production variants, and the model packages behind them.

There is no compare-and-set: the endpoint is read again just before and just after. Weights are asked for at once and
hold some time later, when the endpoint is InService again. What served before, and by whose change, stands in the
endpoint's tags, written before the weights.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from clawpipe_tui.errors import nearest
from clawpipe_tui.serving.aws import ControlPlane
from clawpipe_tui.serving.errors import Conflict, Invalid, NotFound, Unknown
from clawpipe_tui.serving.payload import Fields, as_fields, as_list, harmless, moment_of, name_of, plain, text
from clawpipe_tui.serving.record import LATER, read_back, record_of, recorded, sent_at, taken, token_of
from clawpipe_tui.serving.seam import Applied, Capabilities, Change, Progress, Route, Routing, VersionDocument

_TAG = "clawpipe:"
_TAG_LIMIT = 250
_NOT_IN_A_TAG = re.compile(r"[^\w .:/=+@-]")
_SHARE = re.compile(r"([A-Za-z0-9-]+)=([0-9.]+)(?: |$)")
_IN_SERVICE = "InService"
_FAILED = frozenset({"Failed", "UpdateRollbackFailed", "OutOfService"})


class SageMaker:
    """Registry of variants and model packages, and router, of the endpoints of one region."""

    capabilities = Capabilities(guard="client", effect="eventual", shadow=False)

    def __init__(self, plane: ControlPlane, endpoint: str = "") -> None:
        self._plane = plane
        self._pattern = endpoint or "{model}"

    def models(self) -> tuple[str, ...]:
        """The endpoints that are called as [serving] endpoint says."""
        before, model, after = self._pattern.partition("{model}")
        found = self._plane.pages("ListEndpoints", "Endpoints", "the list of endpoints")
        names = [name_of(each, "EndpointName") for each in found]
        if not model:
            return tuple(name for name in names if name == before)
        fitting = [name for name in names if name.startswith(before) and name.endswith(after)]
        return tuple(name[len(before) : len(name) - len(after)] for name in fitting)

    def versions(self, model: str) -> tuple[VersionDocument, ...]:
        """Model packages that no variant serves, then the variants with the packages that they serve."""
        return tuple(self._documents(model))

    def version(self, model: str, version: str) -> VersionDocument:
        """One variant, or a package that none serves. Raises NotFound."""
        known = {document.version: document for document in self._documents(model)}
        if version not in known:
            raise NotFound(f"{plain(model, 200)} has no variant {plain(version, 200)}.", nearest(version, known))
        return known[version]

    def routing(self, model: str) -> Routing:
        """The weights that are wanted, as shares. Raises NotFound."""
        found = self._endpoint(model)
        routes, tags = _routes(found), self._record(name_of(found, "EndpointArn"))
        ours = tags if tags.get("to") == _told(routes) else {}
        token = token_of(_told(routes), text(found, "EndpointConfigName"), text(ours, "id"))
        return recorded(model, routes, token, ours, _shares(text(ours, "from")) or None)

    def describe(self, change: Change) -> str:
        """The literal requests that `apply` would send; the signature stands where others have a token."""
        found = self._endpoint(change.model)
        return "\n\n".join(
            (
                self._plane.literal("AddTags", _tags(change, found, LATER)),
                self._plane.literal("UpdateEndpointWeightsAndCapacities", _weights(change, found)),
            )
        )

    def apply(self, change: Change) -> Applied:
        """Set the weights once. Raises Conflict, Denied, Invalid, NotFound, Unavailable or Unknown."""
        before = self.routing(change.model)
        if before.change_key == change.key:
            return Applied(before, before.change_id, replayed=True)
        if before.token != change.expected:
            raise taken(before)
        found, what = self._endpoint(change.model), f"the weights of {plain(change.model, 200)}"
        if text(found, "EndpointStatus") != _IN_SERVICE:
            message = f"The endpoint is {text(found, 'EndpointStatus')}: someone else is changing it."
            raise Conflict(message, "Nothing was changed by you. Wait until it is InService.", current=before)
        weights = _weights(change, found)
        self._plane.note("AddTags", what, **_tags(change, found, sent_at()))
        answer = self._plane.write("UpdateEndpointWeightsAndCapacities", what, **weights)
        if not answer.get("EndpointArn"):  # boto3 takes an answer that was cut off for an empty one
            raise Unknown("The change was sent and its answer was lost on the way.", "Do not send it again.")
        after = read_back(self.routing, change)
        if after.change_key != change.key:
            message = f"The weights were set, and {change.model} now has others: someone else acted."
            raise Unknown(message, "Look at the endpoint before you do anything else.")
        return Applied(after, after.change_id)

    def find_change(self, model: str, key: str) -> str | None:
        """The id of the last change where it has this key and is in force; else None."""
        current = self.routing(model)
        return current.change_id if current.change_key == key else None

    def progress(self, model: str) -> Progress:
        """By the endpoint's status, and the weights that hold by now."""
        found = self._endpoint(model)
        status = text(found, "EndpointStatus")
        if status in _FAILED:
            return Progress("stuck", f"the endpoint is {status}: {plain(text(found, 'FailureReason'), 200)}")
        if status != _IN_SERVICE or _routes(found) != _routes(found, "CurrentWeight"):
            return Progress("moving", f"the endpoint is {status}")
        return Progress("done", "the endpoint is InService with these weights")

    def close(self) -> None:
        """Nothing is kept open."""

    def _endpoint(self, model: str) -> Fields:
        name = self._pattern.replace("{model}", model)
        return self._plane.ask("DescribeEndpoint", f"the endpoint {plain(name, 200)}", EndpointName=name)

    def _record(self, arn: str) -> Fields:
        tags = self._plane.pages("ListTags", "Tags", "the endpoint's tags", ResourceArn=arn)
        pairs = {text(tag, "Key"): text(tag, "Value") for tag in tags}
        return {key.removeprefix(_TAG): value for key, value in pairs.items() if key.startswith(_TAG)}

    def _documents(self, model: str) -> Iterator[VersionDocument]:
        config = text(self._endpoint(model), "EndpointConfigName")
        made = self._plane.ask("DescribeEndpointConfig", f"the configuration {config}", EndpointConfigName=config)
        variants = {name_of(each, "VariantName"): each for each in _variants(made)}
        packages = {name: self._package(text(variant, "ModelName")) for name, variant in variants.items()}
        served = {text(package, "ModelPackageArn") for package in packages.values()}
        groups = dict.fromkeys(text(package, "ModelPackageGroupName") for package in packages.values())
        for group in filter(None, groups):
            for package in self._group(group):
                if text(package, "ModelPackageArn") not in served:
                    name = f"{group}/{package.get('ModelPackageVersion')}"
                    yield _document(model, name, {}, package)
        for name, variant in variants.items():
            yield _document(model, name, variant, packages[name])

    def _group(self, group: str) -> list[Fields]:
        what = f"the model packages of {plain(group, 200)}"
        found = self._plane.pages("ListModelPackages", "ModelPackageSummaryList", what, ModelPackageGroupName=group)
        return sorted(found, key=lambda package: str(package.get("ModelPackageVersion", "")).zfill(9))

    def _package(self, model_name: str) -> Fields:
        """The model package behind a SageMaker model; empty where it was made of a bare image."""
        if not model_name:
            return {}
        made = self._plane.ask("DescribeModel", f"the model {plain(model_name, 200)}", ModelName=model_name)
        containers = [made.get("PrimaryContainer") or {}, *as_list(made.get("Containers") or [], "Containers")]
        arns = [text(as_fields(each, "a container"), "ModelPackageName") for each in containers]
        arn = next(filter(None, arns), "")
        return self._plane.ask("DescribeModelPackage", "the model package", ModelPackageName=arn) if arn else {}


def _variants(found: Fields) -> list[Fields]:
    return [as_fields(each, "a variant") for each in as_list(found.get("ProductionVariants") or [], "variants")]


def _routes(endpoint: Fields, which: str = "DesiredWeight") -> tuple[Route, ...]:
    """Each variant's share, the heaviest as the live one; a variant without any is left out."""
    weights = {name_of(each, "VariantName"): each.get(which) for each in _variants(endpoint)}
    numbers = {name: float(each) for name, each in weights.items() if isinstance(each, int | float) and each > 0}
    total = sum(numbers.values())
    shares = sorted(((name, round(100 * each / total, 4)) for name, each in numbers.items()), key=lambda pair: -pair[1])
    return tuple(Route(name, share, "canary" if place else "live") for place, (name, share) in enumerate(shares))


def _told(routes: tuple[Route, ...]) -> str:
    """Routes in the few characters that a tag may hold."""
    return " ".join(f"{route.version}={route.weight_pct:g}" for route in routes)[:_TAG_LIMIT]


def _shares(told: str) -> tuple[Route, ...]:
    pairs = [(name, float(share)) for name, share in _SHARE.findall(told) if share.count(".") < 2]
    return tuple(Route(name, share, "canary" if place else "live") for place, (name, share) in enumerate(pairs))


def _tags(change: Change, endpoint: Fields, at: str) -> Mapping[str, object]:
    record = record_of(change, "weights", at, **{"from": _told(_routes(endpoint)), "to": _told(change.routes)})
    values = {key: _NOT_IN_A_TAG.sub(" ", str(value))[:_TAG_LIMIT] for key, value in record.items()}
    tags = [{"Key": f"{_TAG}{key}", "Value": value} for key, value in values.items()]
    return {"ResourceArn": name_of(endpoint, "EndpointArn"), "Tags": tags}


def _weights(change: Change, endpoint: Fields) -> Mapping[str, object]:
    """What every variant gets. Raises Invalid where one is wanted that the endpoint does not have."""
    known = [name_of(each, "VariantName") for each in _variants(endpoint)]
    wanted = {route.version: route.weight_pct for route in change.routes}
    strange = [version for version in wanted if version not in known]
    if strange or not any(wanted.values()):
        message = f"The endpoint has no variant {plain(', '.join(strange) or 'that would get any traffic', 200)}."
        raise Invalid(message, nearest(strange[0] if strange else "", known))
    weights = [{"VariantName": name, "DesiredWeight": wanted.get(name, 0.0)} for name in known]
    return {"EndpointName": name_of(endpoint, "EndpointName"), "DesiredWeightsAndCapacities": weights}


def _document(model: str, version: str, variant: Fields, package: Fields) -> VersionDocument:
    """A variant and its package in a version document's words."""
    group, number = text(package, "ModelPackageGroupName"), package.get("ModelPackageVersion")
    kept: dict[str, object] = {
        "change_note": text(package, "ModelPackageDescription"),
        "approvals": text(package, "ModelApprovalStatus"),
        "artifact": {"package": f"{group}/{number}" if group else "", "model": text(variant, "ModelName")},
        "metrics": package.get("ModelMetrics"),
        "hardware": text(variant, "InstanceType"),
        "serving": package.get("InferenceSpecification"),
        "tags": package.get("CustomerMetadataProperties"),
    }
    document = as_fields(harmless({key: value for key, value in kept.items() if value}), "the package")
    made_by = as_fields(package.get("CreatedBy") or {}, "CreatedBy")
    return VersionDocument(
        model,
        version,
        moment_of(package, "CreationTime"),
        text(made_by, "UserProfileName"),
        text(document, "change_note"),
        document,
    )
