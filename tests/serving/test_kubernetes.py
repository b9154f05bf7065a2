"""Kubernetes' own ways: fields that are never deleted, revisions that are renumbered, controllers that come after."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cluster import (
    APP,
    DEPLOYMENTS,
    ROLLOUTS,
    SERVICES,
    FakeCluster,
    deployed,
    recorded,
    rolled_out,
    served,
    served_raw,
)
from served import WRITE

from clawpipe_tui.errors import ConfigError, ServingError
from clawpipe_tui.operations.rollback import plan_move, plan_rollback, send
from clawpipe_tui.serving.argo import Rollouts
from clawpipe_tui.serving.deployment import Deployment
from clawpipe_tui.serving.errors import Conflict, Denied, Invalid
from clawpipe_tui.serving.kserve import KServe
from clawpipe_tui.serving.kubernetes import Access, Cluster, Patch
from clawpipe_tui.serving.payload import Fields
from clawpipe_tui.serving.seam import Change, Route

NEWEST, BEFORE, OLDEST = (f"{APP}-predictor-{number:05}" for number in (3, 2, 1))


def asked(cluster: FakeCluster) -> Cluster:
    """A client of it."""
    return Cluster(Access("http://127.0.0.1:1"), "ml", cluster.transport())


def move(model: Deployment | Rollouts | KServe, *routes: Route, key: str = "key-1") -> Change:
    """A change from how it is now."""
    return Change(APP, routes, model.routing(APP).token, "errors rose", "INC-7", key)


def test_a_canary_is_rolled_back_by_zero_percent_and_the_field_stays() -> None:
    """Deleting it would promote to 100 %."""
    cluster = served(percent=20)
    api = KServe(asked(cluster))
    plan = plan_rollback(api, api, APP, to=None, key="key-1")
    assert (plan.leaving, plan.returning) == (NEWEST, BEFORE)
    assert '"canaryTrafficPercent": 0' in plan.request
    assert '"resourceVersion": "3000"' in plan.request
    assert any(remark.about == "Dry run" and remark.tone == "good" for remark in plan.remarks)
    assert cluster.writes == 0
    assert send(api, plan, "errors rose", safety=WRITE).state == "applied"
    assert cluster.one(SERVICES)["spec"]["predictor"]["canaryTrafficPercent"] == 0
    assert plan.effect.startswith("Traffic moves some time after")


@pytest.mark.parametrize(("action", "weight_pct", "percent"), [("promote", None, 100), ("canary", 50.0, 50)])
def test_promotion_and_weights_are_percents_of_the_newest(action: str, weight_pct: float | None, percent: int) -> None:
    """100 promotes."""
    cluster = served(percent=20)
    api = KServe(asked(cluster))
    plan = plan_move(
        api, api, APP, action="promote" if action == "promote" else "canary", version=NEWEST, weight_pct=weight_pct,
        key="key-1", logs=None,
    )  # fmt: skip
    send(api, plan, "it is good", safety=WRITE)
    assert cluster.one(SERVICES)["spec"]["predictor"]["canaryTrafficPercent"] == percent


def test_a_revision_that_kserve_cannot_route_to_is_refused_before_anything_is_sent() -> None:
    """Only the newest and the one before it; a patch for another would silently mean something else."""
    cluster = served()
    api = KServe(asked(cluster))
    with pytest.raises(Invalid, match="divides traffic between"):
        api.apply(move(api, Route(OLDEST, 100.0)))
    assert cluster.writes == 0


def test_raw_deployment_moves_percents_and_leaves_the_rest_of_each_canary() -> None:
    """Each after a look that the canary at this place is still that one."""
    cluster = served_raw(v43=25, v44=5)
    api = KServe(asked(cluster))
    assert api.routing(APP).routes == (Route("v42", 70.0), Route("v43", 25.0, "canary"), Route("v44", 5.0, "canary"))
    before = recorded("inferenceservice-raw")["spec"]["canary"]
    change = move(api, Route("v42", 95.0), Route("v44", 5.0, "canary"))
    assert '"path": "/spec/canary/0/predictor/name",\n    "value": "v43"' in api.describe(change)
    assert api.apply(change).routing.previous == (
        Route("v42", 70.0), Route("v43", 25.0, "canary"), Route("v44", 5.0, "canary"),
    )  # fmt: skip
    after = cluster.one(SERVICES)["spec"]["canary"]
    assert [canary["trafficPercent"] for canary in after] == [0, 5]
    assert [canary["predictor"] for canary in after] == [canary["predictor"] for canary in before]


def test_raw_deployment_without_canaries_says_that_it_cannot_split() -> None:
    """It would ignore canaryTrafficPercent without a word."""
    cluster = served_raw()
    cluster.one(SERVICES)["spec"].pop("canary")
    api = KServe(asked(cluster))
    with pytest.raises(Invalid, match="between v42 here, and nothing else"):
        api.describe(move(api, Route("v41", 100.0)))


def test_a_rollback_of_a_deployment_is_the_old_pods_not_an_old_number() -> None:
    """Undoing renumbers: the version keeps its name, and its ReplicaSet gets the highest number."""
    cluster = deployed()
    api = Deployment(asked(cluster))
    before = api.routing(APP)
    assert (before.changed_by, before.changed_at) == ("kubectl-client-side-apply", datetime(2026, 11, 2, tzinfo=UTC))
    plan = plan_rollback(api, api, APP, to="v41", key="key-1")
    assert send(api, plan, "errors rose", safety=WRITE).state == "applied"
    template = cluster.one(DEPLOYMENTS)["spec"]["template"]
    assert template["spec"]["containers"][0]["image"] == "registry.example/flight-delay:41"
    assert "pod-template-hash" not in template["metadata"]["labels"]
    assert [document.version for document in api.versions(APP)] == ["v41", "v42", "v43"]
    assert api.routing(APP).previous == (Route("v42", 100.0),)
    back = plan_move(api, api, APP, action="undo", version=None, weight_pct=None, key="key-2", logs=None)
    assert back.returning == "v42"


def test_the_pods_of_others_are_no_versions_and_secrets_are_not_shown() -> None:
    """The same labels, another owner; a value from a secret is only said to be one."""
    api = Deployment(asked(deployed()))
    assert [document.version for document in api.versions(APP)] == ["v41", "v42", "v43"]
    assert api.version(APP, "v42").document["serving"] == {"model": {"THRESHOLD": "0.42", "KEY": "(from elsewhere)"}}


def test_versions_with_the_same_label_are_told_apart() -> None:
    """The newest is called by it, the others by their ReplicaSets."""
    cluster = deployed()
    for each in cluster.objects.values():
        if each["metadata"]["name"].endswith("5d9c7b6f84"):
            each["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/version"] = "v42"
    names = [document.version for document in Deployment(asked(cluster)).versions(APP)]
    assert names == [f"{APP}-5d9c7b6f84", "v42", "v43"]


def test_what_a_controller_notes_makes_no_plan_stale_and_a_new_template_does() -> None:
    """The status changes all the time; the patch names the resourceVersion that was read just before it."""
    cluster = deployed()
    api = Deployment(asked(cluster))
    plan = plan_rollback(api, api, APP, to="v41", key="key-1")
    cluster.touch(DEPLOYMENTS)
    assert send(api, plan, "errors rose", safety=WRITE).state == "applied"
    stale = move(api, Route("v43", 100.0), key="key-2")
    cluster.one(DEPLOYMENTS)["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.example/other:1"
    with pytest.raises(Conflict, match="Someone else was first"):
        api.apply(stale)


def test_a_write_in_the_same_moment_is_refused_by_the_api_server() -> None:
    """Between our look and our patch: 409, and the sentence says that nothing was changed."""
    cluster = deployed()

    class Racing(Deployment):
        """Somebody is quicker."""

        def patches(self, change: Change, found: Fields, at: str) -> tuple[Patch, ...]:
            """Look, then be too late."""
            made = super().patches(change, found, at)
            cluster.touch(DEPLOYMENTS)
            return made

    api = Racing(asked(cluster))
    with pytest.raises(Conflict, match="in the same moment") as refused:
        api.apply(move(api, Route("v41", 100.0)))
    assert refused.value.hint.startswith("Nothing was changed by you")
    assert cluster.writes == 0


def test_the_progress_of_pods_is_told() -> None:
    """As `kubectl rollout status` would."""
    cluster = deployed()
    api = Deployment(asked(cluster))
    assert api.progress(APP).state == "done"
    api.apply(move(api, Route("v41", 100.0)))
    assert api.progress(APP).words == "1 of 4 pods are new ones"
    said = cluster.one(DEPLOYMENTS)["status"]
    said |= {"updatedReplicas": 4, "replicas": 6}
    assert api.progress(APP).words == "2 old pods are still there"
    said |= {"replicas": 4, "availableReplicas": 3}
    assert api.progress(APP).words == "3 of 4 new pods can be reached"
    said["conditions"][1] |= {"reason": "ProgressDeadlineExceeded", "message": "timed out progressing."}
    assert api.progress(APP).state == "stuck"


def test_a_paused_deployment_says_that_nothing_would_happen() -> None:
    """It would take the patch, and make no pod."""
    cluster = deployed()
    cluster.one(DEPLOYMENTS)["spec"]["paused"] = True
    api = Deployment(asked(cluster))
    with pytest.raises(Invalid, match="paused"):
        api.apply(move(api, Route("v41", 100.0)))


def test_a_canary_of_a_rollout_is_aborted_with_its_record_before_it() -> None:
    """The status subresource takes no annotation: the record goes first, and moves nothing."""
    cluster = rolled_out()
    api = Rollouts(asked(cluster))
    assert api.routing(APP).routes == (Route("v42", 80.0), Route("v43", 20.0, "canary"))
    plan = plan_rollback(api, api, APP, to=None, key="key-1")
    assert (plan.leaving, plan.returning) == ("v43", "v42")
    assert '"path": "/status/abort",\n    "value": true' in plan.request
    assert "/rollouts/flight-delay/status?fieldManager=clawpipe-tui" in plan.request
    assert send(api, plan, "errors rose", safety=WRITE).state == "applied"
    assert cluster.one(ROLLOUTS)["status"]["abort"] is True
    after = api.routing(APP)
    assert (after.routes, after.change_key, after.reason) == ((Route("v42", 100.0),), "key-1", "errors rose")


def test_an_abort_of_another_canary_than_the_planned_one_is_refused() -> None:
    """The controller may write to the status between our two patches; what may not change is who is meant."""
    cluster = rolled_out()
    api = Rollouts(asked(cluster))
    change = move(api, Route("v42", 100.0))

    def newer(found: FakeCluster) -> None:
        found.one(ROLLOUTS)["status"]["currentPodHash"] = "another"

    cluster.controllers = (newer,)
    with pytest.raises(Conflict):
        api.apply(change)
    assert "abort" not in cluster.one(ROLLOUTS)["status"]
    assert api.find_change(APP, "key-1") is None


def test_a_canary_of_a_rollout_is_promoted_in_full() -> None:
    """Past the steps that are left."""
    cluster = rolled_out()
    api = Rollouts(asked(cluster))
    api.apply(move(api, Route("v43", 100.0)))
    assert cluster.one(ROLLOUTS)["status"]["stableRS"] == "5bb8c6f7d5"
    assert api.routing(APP).routes == (Route("v43", 100.0),)


def test_an_undo_of_a_rollout_goes_by_its_steps() -> None:
    """The first one gives the old version 20 %; the record is in force from the start."""
    cluster = rolled_out()
    api = Rollouts(asked(cluster))
    api.apply(move(api, Route("v43", 100.0)))
    api.apply(move(api, Route("v41", 100.0), key="key-2"))
    after = api.routing(APP)
    assert after.routes == (Route("v43", 80.0), Route("v41", 20.0, "canary"))
    assert after.change_key == "key-2"


def test_a_step_that_a_rollout_took_by_itself_makes_no_abort_stale() -> None:
    """In an incident the weight may have risen since the plan."""
    cluster = rolled_out()
    api = Rollouts(asked(cluster))
    change = move(api, Route("v42", 100.0))
    cluster.one(ROLLOUTS)["status"]["canary"]["weights"]["canary"]["weight"] = 60
    assert api.routing(APP).routes[1].weight_pct == 60
    assert api.apply(change).routing.routes == (Route("v42", 100.0),)


@pytest.mark.parametrize(
    ("kind", "made", "denied"),
    [
        (Deployment, deployed, "deployments"),
        (Rollouts, rolled_out, "rollouts/status"),
        (KServe, served, "inferenceservices"),
    ],
)
def test_the_plan_says_what_this_identity_may_not_do(
    kind: type[Deployment | Rollouts | KServe], made: type[FakeCluster], denied: str
) -> None:
    """Asked of the API server before anything is tried."""
    cluster = made()
    api = kind(asked(cluster))
    assert api.permission(APP).allowed
    cluster.denied.add(denied)
    assert f"may not patch {denied} of " in api.permission(APP).words
    assert 'RBAC: role "viewer" is read-only' in api.permission(APP).words
    target = api.routing(APP).routes[0].version
    other = next(each.version for each in api.versions(APP) if each.version != target)
    with pytest.raises(Denied, match="may not patch"):
        api.rehearse(move(api, Route(other if kind is Deployment else target, 100.0)))
    assert cluster.writes == 0


def test_an_object_that_no_api_server_would_give_is_told_in_a_sentence() -> None:
    """Wherever a field is of another kind."""
    cluster = deployed()
    cluster.one(DEPLOYMENTS)["metadata"]["managedFields"] = "none"
    with pytest.raises(ServingError, match="The Deployment flight-delay cannot be read"):
        Deployment(asked(cluster)).routing(APP)


def test_a_namespace_is_a_name() -> None:
    """It becomes part of a path."""
    with pytest.raises(ConfigError, match="not the name of one"):
        Cluster(Access("http://127.0.0.1:1"), "../kube-system")
