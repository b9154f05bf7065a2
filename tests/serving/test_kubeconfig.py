"""Who we are to a cluster, by what kubectl would read; what would weaken that is refused in a sentence."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
import yaml
from backends import over_http
from cluster import APP, Object, deployed
from served import Stage

from clawpipe_tui.demo.running import Certificates, serve_in_thread
from clawpipe_tui.errors import ClawpipeError, ConfigError, UsageError
from clawpipe_tui.serving.deployment import Deployment
from clawpipe_tui.serving.errors import Denied
from clawpipe_tui.serving.kubeconfig import kubernetes_access
from clawpipe_tui.serving.kubernetes import Cluster

SECRET = "s3cret-token"
Change = Callable[[Object], object]


def written(folder: Path, *changes: Change, server: str = "https://127.0.0.1:6443", name: str = "config") -> str:
    """A kubeconfig with one context, changed; private."""
    config: Object = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "prod",
        "clusters": [{"name": "east", "cluster": {"server": server}}],
        "users": [{"name": "ada", "user": {"token": SECRET}}],
        "contexts": [{"name": "prod", "context": {"cluster": "east", "user": "ada", "namespace": "ml"}}],
    }
    for change in changes:
        change(config)
    path = folder / name
    path.write_text(yaml.safe_dump(config))
    path.chmod(0o600)
    return str(path)


def user(**fields: object) -> Change:
    """Another user."""
    return lambda config: config["users"][0].update(user=fields)


def cluster(**fields: object) -> Change:
    """More about the cluster."""
    return lambda config: config["clusters"][0]["cluster"].update({k.replace("_", "-"): v for k, v in fields.items()})


def whole(key: str, value: object) -> Change:
    """Something else at the top."""
    return lambda config: config.update({key: value})


def printing(text: str, **more: object) -> Change:
    """An exec plugin that prints this."""
    program = {
        "command": sys.executable,
        "args": ["-c", f"print({text!r})"],
        "apiVersion": "client.authentication.k8s.io/v1",
    }
    return user(exec={**program, **more})


def test_the_current_context_says_where_and_who(tmp_path: Path) -> None:
    """And the namespace."""
    access = kubernetes_access(written(tmp_path), "", {})
    assert (access.url, access.namespace, access.token()) == ("https://127.0.0.1:6443", "ml", SECRET)
    assert SECRET not in repr(access) + repr(Cluster(access))


def test_of_several_files_the_first_with_a_name_wins(tmp_path: Path) -> None:
    """KUBECONFIG lists them, as kubectl has it; a path in one is relative to it."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "token").write_text("from-a-file\n")
    (tmp_path / "other" / "token").chmod(0o600)

    def test_context(config: Object) -> None:
        config["users"].append({"name": "bob", "user": {"tokenFile": "token"}})
        config["contexts"] += [{"name": "test", "context": {"cluster": "east", "user": "bob"}}]

    first = written(tmp_path)
    second = written(tmp_path / "other", test_context, server="https://other")
    access = kubernetes_access("", "test", {"KUBECONFIG": f"{first}:{second}"})
    assert (access.url, access.token()) == ("https://127.0.0.1:6443", "from-a-file")


def test_in_a_pod_it_is_the_pods_own_account(tmp_path: Path) -> None:
    """Where there is no kubeconfig; an address of IPv6 gets its brackets."""
    for name, text in {"token": SECRET, "namespace": "ml", "ca.crt": "x"}.items():
        (tmp_path / name).write_text(text)
    pod = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443", "HOME": str(tmp_path)}
    access = kubernetes_access("", "", pod, tmp_path)
    assert (access.url, access.namespace, access.token()) == ("https://[fd00::1]:443", "ml", SECRET)


def test_a_plugin_is_asked_again_when_its_token_is_about_to_end(tmp_path: Path) -> None:
    """And not before."""
    count = tmp_path / "count"
    program = f"p = open({str(count)!r}, 'a'); p.write('x'); p.close(); import sys; print(sys.argv[1])"
    until = ("2000-01-01T00:00:00Z", "2999-01-01T00:00:00Z")
    for moment, times in zip(until, (2, 1), strict=True):
        count.unlink(missing_ok=True)
        credential = json.dumps({"kind": "ExecCredential", "status": {"token": SECRET, "expirationTimestamp": moment}})
        plugin = {"command": sys.executable, "args": ["-c", program, credential]}
        token = kubernetes_access(written(tmp_path, user(exec=plugin)), "", {}).token
        assert (token(), token()) == (SECRET, SECRET)
        assert len(count.read_text()) == times


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (cluster(insecure_skip_tls_verify=True), "certificate is always checked"),
        (cluster(proxy_url="http://x"), "proxy is taken from HTTPS_PROXY"),
        (cluster(tls_server_name="x"), "tls-server-name is not supported"),
        (user(username="ada", password=SECRET), "username and auth-provider are not supported"),
        (printing("nothing"), "printed no credential"),
        (printing("{}"), "gave no token"),
        (printing(SECRET, interactiveMode="Always"), "wants to ask at a terminal"),
        (user(exec={"command": "/nowhere/at-all", "installHint": "brew install it"}), "gave no credential"),
        (whole("current-context", "prid"), "has no context 'prid'"),
        (whole("users", []), "has no user 'ada'"),
        (whole("clusters", 3), "cannot be read"),
        (cluster(certificate_authority_data="???"), "is not a PEM file in base64"),
    ],
)
def test_what_cannot_be_used_is_told_without_the_secret(tmp_path: Path, change: Change, words: str) -> None:
    """With what to do instead."""
    with pytest.raises(ClawpipeError, match=words) as refused:
        kubernetes_access(written(tmp_path, change), "", {}).token()
    assert SECRET not in str(refused.value) + refused.value.hint


def test_a_secret_in_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """As with any other token file."""
    path = written(tmp_path)
    Path(path).chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        kubernetes_access(path, "", {})


def test_a_token_over_plain_http_is_refused(tmp_path: Path) -> None:
    """A kubeconfig is no reason to send it in the open."""
    access = kubernetes_access(written(tmp_path, server="http://cluster.example"), "", {})
    with pytest.raises(ConfigError, match=r"plain http to cluster\.example"):
        Cluster(access)


def test_who_is_not_accepted_is_told_where_that_was_written(tmp_path: Path) -> None:
    """Not in a token of ours."""
    fake = deployed()
    fake.token = "another"
    path = written(tmp_path, server="http://127.0.0.1:1")
    api = Deployment(Cluster(kubernetes_access(path, "", {}), transport=fake.transport()))
    with pytest.raises(Denied) as refused:
        api.routing(APP)
    assert refused.value.hint == f"Check the user ada in {path}: kubectl auth whoami."


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """And nothing else is tried."""
    with pytest.raises(UsageError, match="none cannot be read"):
        kubernetes_access(str(tmp_path / "none"), "", {})


def test_a_client_certificate_inside_the_kubeconfig_opens_the_door(tmp_path: Path) -> None:
    """Authority, certificate and key are in it, in base64; without the certificate nobody is let in."""
    authority = trustme.CA()
    server, me = authority.issue_cert("127.0.0.1"), authority.issue_cert("ada@cluster")
    cert, key, ca = (str(tmp_path / name) for name in ("cert.pem", "key.pem", "ca.pem"))
    server.cert_chain_pems[0].write_to_path(cert)
    server.private_key_pem.write_to_path(key)
    authority.cert_pem.write_to_path(ca)
    where = Stage()
    running = serve_in_thread(where, certificates=Certificates(cert, key, ca))
    where.app = over_http(deployed().answer)
    try:
        encoded = {
            "client-certificate-data": base64.b64encode(me.cert_chain_pems[0].bytes()).decode(),
            "client-key-data": base64.b64encode(me.private_key_pem.bytes()).decode(),
        }
        trusted = cluster(certificate_authority_data=base64.b64encode(authority.cert_pem.bytes()).decode())
        path = written(tmp_path, trusted, user(**encoded), server=running.url)
        api = Deployment(Cluster(kubernetes_access(path, "", {})))
        assert api.routing(APP).routes[0].version == "v42"
        api.close()
        stranger = Deployment(
            Cluster(kubernetes_access(written(tmp_path, trusted, user(), server=running.url), "", {}))
        )
        with pytest.raises(ClawpipeError):
            stranger.routing(APP)
        stranger.close()
    finally:
        running.stop()
