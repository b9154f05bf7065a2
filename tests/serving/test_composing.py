"""Any registry with any router, as the configuration names them; and what is said where it cannot be meant."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from clawpipe_tui.config import Serving, load_config
from clawpipe_tui.config.values import REGISTRIES, ROUTERS
from clawpipe_tui.errors import ConfigError
from clawpipe_tui.serving.api import Api
from clawpipe_tui.serving.opening import open_serving

KINDS = {
    "reference": "ReferenceAPI", "mlflow": "Mlflow", "triton": "Triton", "kserve": "KServe", "deployment": "Deployment",
    "argo": "Rollouts", "sagemaker": "SageMaker",
}  # fmt: skip
HERE, THERE = "http://127.0.0.1:1", "http://127.0.0.1:2"


@pytest.mark.parametrize(("registry", "router"), [*product(REGISTRIES, ROUTERS)])
def test_any_registry_goes_with_any_router(registry: str, router: str) -> None:
    """One object where one product is both at one place, else two."""
    known, moves = open_serving(Serving(HERE, registry=registry, router=router))
    assert (type(known).__name__, type(moves).__name__) == (KINDS[registry], KINDS[router])
    assert (known is moves) == (registry == router)
    known, moves = open_serving(Serving(HERE, registry=registry, router=router, registry_url=THERE))
    assert known is not moves


def shown(half: object) -> dict[str, str]:
    """As whom it appears there."""
    assert isinstance(half, Api)
    return dict(half.identity())


def test_a_token_goes_to_the_one_place_that_it_is_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry somewhere else gets its own, or none; one at the same place gets the router's."""
    monkeypatch.setenv("CLAWPIPE_TOKEN", "for-the-router")
    known, moves = open_serving(Serving(HERE, registry="mlflow", router="triton", registry_url=THERE))
    assert (shown(known), shown(moves)) == ({}, {"Authorization": "Bearer for-the-router"})
    monkeypatch.setenv("CLAWPIPE_REGISTRY_TOKEN", "for-the-registry")
    known, _ = open_serving(Serving(HERE, registry="mlflow", router="triton", registry_url=THERE))
    assert shown(known) == {"Authorization": "Bearer for-the-registry"}
    known, _ = open_serving(Serving(HERE, registry="mlflow", router="triton"))
    assert shown(known) == {"Authorization": "Bearer for-the-router"}


def written(folder: Path, serving: str) -> Path:
    """A configuration with this section."""
    path = folder / "clawpipe.toml"
    path.write_text(f'[log]\nfiles = "logs"\n[serving]\n{serving}')
    return path


@pytest.mark.parametrize(
    ("serving", "line", "words"),
    [
        ('url = "https://x"\nrouter = "trition"', 5, "router cannot be 'trition'. Did you mean 'triton'?"),
        ('url = "https://x"\nregistry = "triton"', 5, "registry cannot be 'triton'."),
        ('router = "kserv"', 4, "router cannot be 'kserv'. Did you mean 'kserve'?"),
        ('registry = "mlflow"', 4, "has no url, and mlflow needs one"),
        ('router = "kserve"\nregistry = "mlflow"', 5, "has no url, and mlflow needs one"),
        ('url = "https://x"\nkubeconfg = "x"', 5, "no key 'kubeconfg'. Did you mean 'kubeconfig'?"),
        ('url = "https://x"\ntoken_command = ["pass", 3]', 5, "token_command must be a list of texts"),
    ],
)
def test_what_cannot_be_meant_is_told_with_file_line_and_nearest_name(
    tmp_path: Path, serving: str, line: int, words: str
) -> None:
    """Before anything is opened."""
    path = written(tmp_path, serving)
    with pytest.raises(ConfigError) as refused:
        load_config(path)
    assert str(refused.value).startswith(f"{path}, line {line}: ")
    assert words in str(refused.value)


def test_a_cluster_and_a_cloud_need_no_url(tmp_path: Path) -> None:
    """A kubeconfig, or AWS's own configuration, says where they are; who moves traffic there knows the versions."""
    config = load_config(
        written(tmp_path, 'registry = "argo"\nrouter = "argo"\nkubeconfig = "config"\ncontext = "prod"')
    )
    assert config.serving == Serving(
        registry="argo", router="argo", kubeconfig=str(tmp_path / "config"), context="prod"
    )
    alone = load_config(written(tmp_path, 'router = "sagemaker"\nregion = "eu-west-1"')).serving
    assert alone == Serving(registry="sagemaker", router="sagemaker", region="eu-west-1")
    assert load_config(written(tmp_path, 'token_env = "X"')).serving is None
