"""The reference API does what its OpenAPI document promises: asked by schemathesis, with strange values, too."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import schemathesis
from hypothesis import HealthCheck
from hypothesis import settings as trials
from schemathesis.specs.openapi.checks import negative_data_rejection
from served import OPERATOR, settings

from clawpipe_tui.demo.access import SCOPES, Account, accounts
from clawpipe_tui.demo.server import reference_app

if TYPE_CHECKING:
    from schemathesis import Case

_FOLDER = tempfile.TemporaryDirectory()
_ENDLESS = "1000000/second"
_APP = reference_app(
    replace(
        settings(Path(_FOLDER.name)),
        accounts=accounts({OPERATOR: Account("alice", SCOPES)}),
        quotas=dict.fromkeys(SCOPES, _ENDLESS),
        strangers=_ENDLESS,
    )
)
_SCHEMA = schemathesis.openapi.from_asgi("/v1/openapi.json", _APP)


@_SCHEMA.exclude(path="/v1/events").parametrize()  # pyright: ignore[reportUntypedFunctionDecorator] - it carries no types
@trials(max_examples=15, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
def test_the_api_keeps_its_promises(case: Case[Any]) -> None:
    """Statuses, media types, bodies and headers are those of the document; nothing is ever a 5xx of our own making."""
    # A parameter that nobody knows is ignored on purpose, so that older clients and servers go together.
    case.call_and_validate(headers={"Authorization": f"Bearer {OPERATOR}"}, excluded_checks=[negative_data_rejection])
