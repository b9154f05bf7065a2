"""KServe's own ways: percents of the newest revision, a field that is never deleted, an API server that compares."""

from __future__ import annotations

import pytest
from backends import NAME, FakeKubernetes, revision
from served import WRITE

from clawpipe_tui.errors import ConfigError
from clawpipe_tui.operations.rollback import plan_move, plan_rollback, send
from clawpipe_tui.serving.errors import Conflict, Invalid
from clawpipe_tui.serving.kserve import KServe
from clawpipe_tui.serving.seam import Change, Route


def opened(cluster: FakeKubernetes) -> KServe:
    """A client of it."""
    return KServe("http://127.0.0.1:1", "", "ml", cluster.transport())


def test_a_canary_is_rolled_back_by_zero_percent_and_the_field_stays() -> None:
    """Deleting it would promote to 100 %."""
    cluster = FakeKubernetes(percent=20)
    api = opened(cluster)
    plan = plan_rollback(api, api, NAME, to=None, key="key-1")
    assert (plan.leaving, plan.returning) == (revision(3), revision(2))
    assert '"canaryTrafficPercent": 0' in plan.request
    assert any(remark.about == "Dry run" and remark.tone == "good" for remark in plan.remarks)
    assert cluster.percent == 20
    assert send(api, plan, "errors rose", safety=WRITE).state == "applied"
    assert cluster.percent == 0
    assert plan.effect.startswith("Traffic moves some time after")


@pytest.mark.parametrize(("action", "weight_pct", "percent"), [("promote", None, 100), ("canary", 50.0, 50)])
def test_promotion_and_weights_are_percents_of_the_newest(action: str, weight_pct: float | None, percent: int) -> None:
    """100 promotes."""
    cluster = FakeKubernetes(percent=20)
    api = opened(cluster)
    plan = plan_move(
        api, api, NAME, action="promote" if action == "promote" else "canary", version=revision(3),
        weight_pct=weight_pct, key="key-1", logs=None,
    )  # fmt: skip
    send(api, plan, "it is good", safety=WRITE)
    assert cluster.percent == percent


def test_a_revision_that_kserve_cannot_route_to_is_refused_before_anything_is_sent() -> None:
    """Only the newest and the one before it; a patch for another would silently mean something else."""
    cluster = FakeKubernetes(percent=20)
    with pytest.raises(Invalid, match="divides traffic between"):
        opened(cluster).apply(Change(NAME, (Route(revision(1), 100.0),), "7", "errors", "", "key-1"))
    assert not any(asked.startswith("PATCH") for asked in cluster.asked)


def test_whoever_was_first_by_resource_version_wins() -> None:
    """A controller's write counts, too."""
    cluster = FakeKubernetes(percent=20)
    api = opened(cluster)
    plan = plan_rollback(api, api, NAME, to=None, key="key-1")
    cluster.version += 1
    with pytest.raises(Conflict, match="Someone else was first: someone, or a controller"):
        send(api, plan, "errors rose", safety=WRITE)
    assert cluster.percent == 20


def test_a_namespace_is_a_name() -> None:
    """It becomes part of a path."""
    with pytest.raises(ConfigError, match="not the name of one"):
        KServe("http://127.0.0.1:1", "", "../kube-system")
