"""What a request asks for, read with suspicion: bounded bodies, known models, routes that make sense."""

from __future__ import annotations

from starlette.requests import ClientDisconnect, Request

from clawpipe_tui.demo.deployment import Deployment, Service
from clawpipe_tui.demo.problems import ProblemError
from clawpipe_tui.demo.state import Proposal
from clawpipe_tui.serving.payload import Fields, MalformedError, as_fields, parse, read_routes, text
from clawpipe_tui.serving.seam import Route


def found(service: Service, request: Request) -> Deployment:
    """The model that a path names. Raises a 404 problem."""
    model = str(request.path_params["model"])
    deployment = service.deployment(model)
    if deployment is None:
        raise ProblemError(404, f"There is no model {model[:200]!r}.")
    return deployment


def is_rehearsal(request: Request) -> bool:
    """Whether a dry run is asked for. Raises a 400 problem: a word that is not understood must not be a real change."""
    asked = request.query_params.getlist("dry_run")
    if any(word not in {"true", "false"} for word in asked) or len(set(asked)) > 1:
        raise ProblemError(400, "dry_run is true or false.")
    return asked[:1] == ["true"]


async def bounded_body(request: Request, limit_bytes: int) -> bytes:
    """The body of a request. Raises a 413 problem, and a 400 where the sender hung up in the middle of it."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit_bytes:
                raise ProblemError(413, f"The body is larger than {limit_bytes // 1_000} kB.")
    except ClientDisconnect:
        raise ProblemError(400, "The body is not whole.") from None
    return bytes(body)


def json_fields(body: bytes) -> Fields:
    """A JSON object. Raises a 400 problem."""
    try:
        return as_fields(parse(body), "the body")
    except MalformedError as error:
        raise ProblemError(400, f"The body cannot be read: {error}.") from error


def read_proposal(body: bytes, deployment: Deployment) -> Proposal:
    """What is asked for. Raises a 400 or 422 problem."""
    fields = json_fields(body)
    approval = fields.get("approval", "not required")
    if approval not in {"required", "not required"}:
        raise ProblemError(422, "The change cannot be read: approval is neither required nor not required.")
    try:
        routes = read_routes(fields.get("routes"))
        said = text(fields, "reason").strip(), text(fields, "reference").strip()
    except MalformedError as error:
        raise ProblemError(422, f"The change cannot be read: {error}.") from error
    proposal = Proposal(routes, *said, second_person=approval == "required")
    complaint = _complaint(proposal, deployment)
    if complaint:
        raise ProblemError(422, complaint)
    return proposal


def _complaint(proposal: Proposal, deployment: Deployment) -> str:
    if not proposal.reason:
        return "A change needs a reason."
    unknown = [route.version for route in proposal.routes if route.version not in deployment.versions]
    if unknown:
        return f"There is no version {unknown[0][:200]!r} of {deployment.model}."
    if len({route.version for route in proposal.routes}) < len(proposal.routes):
        return "A version stands in the routes twice."
    return _unbalanced(proposal.routes)


def _unbalanced(routes: tuple[Route, ...]) -> str:
    if not any(route.role == "live" and route.weight_pct > 0 for route in routes):
        return "No live version would get traffic."
    total_pct = sum(route.weight_pct for route in routes if route.role != "shadow")
    return "" if abs(total_pct - 100) < 0.01 else f"The weights add up to {total_pct:g} %, not 100 %."
