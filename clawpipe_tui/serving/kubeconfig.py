"""Who we are to a Kubernetes API server: by a kubeconfig as kubectl reads it, or by a pod's own service account.

What would weaken the check of the server's certificate, or send a secret elsewhere, is refused in a sentence.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from clawpipe_tui.errors import ConfigError, UsageError, nearest
from clawpipe_tui.serving.credentials import private_file
from clawpipe_tui.serving.kubernetes import Access
from clawpipe_tui.serving.manifest import part
from clawpipe_tui.serving.payload import Fields, MalformedError, as_fields, as_list, moment_of, parse, plain, text
from clawpipe_tui.serving.trust import Trust

_SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_REREAD_S = 60.0  # the kubelet renews a pod's token; a file's content is believed for this long
_COMMAND_S = 30.0
_REFUSED = {
    "insecure-skip-tls-verify": "the server's certificate is always checked: give certificate-authority",
    "proxy-url": "a proxy is taken from HTTPS_PROXY",
    "tls-server-name": "the certificate must name the server's own address",
}


def kubernetes_access(
    file: str, context: str, environment: Mapping[str, str] = os.environ, pod: Path = _SERVICE_ACCOUNT
) -> Access:
    """By the named file, else KUBECONFIG, else ~/.kube/config, else the pod's service account. Raises ConfigError."""
    named = file or environment.get("KUBECONFIG", "")
    paths = [Path(path).expanduser() for path in named.split(os.pathsep) if path]
    if not paths:
        default = Path(environment.get("HOME", "~")).expanduser() / ".kube" / "config"
        if not default.is_file() and environment.get("KUBERNETES_SERVICE_HOST"):
            return _in_cluster(environment, pod)
        paths = [default]
    try:
        return _by_file(paths, context)
    except MalformedError as error:
        where = ", ".join(map(str, paths))
        raise ConfigError(f"The kubeconfig {where} cannot be read: {error}.", "See: kubectl config view") from error


def _in_cluster(environment: Mapping[str, str], pod: Path) -> Access:
    host, port = environment["KUBERNETES_SERVICE_HOST"], environment.get("KUBERNETES_SERVICE_PORT", "443")
    host = f"[{host}]" if ":" in host else host
    namespace = pod / "namespace"
    return Access(
        f"https://{host}:{port}",
        _Token(lambda: (_text(pod / "token", "service account's token"), time.time() + _REREAD_S)),
        Trust(ca_file=str(pod / "ca.crt")),
        _text(namespace, "pod's namespace") if namespace.is_file() else "",
        hint="Check the pod's service account.",
    )


def _by_file(paths: list[Path], context: str) -> Access:
    """The context's cluster and user; of several files that have the same name in them, the first one wins."""
    configs = [(_config(path), path) for path in paths if path.is_file() or len(paths) == 1]
    wanted = context or next((said for config, _ in configs if (said := text(config, "current-context"))), "")
    where = ", ".join(str(path) for _, path in configs)
    if not wanted:
        raise ConfigError(f"{where} has no current-context.", "Name one in [serving] context.")
    chosen, _ = _entry(configs, "context", wanted)
    cluster, beside = _entry(configs, "cluster", text(chosen, "cluster"))
    for key, why in _REFUSED.items():
        if cluster.get(key):
            raise ConfigError(
                f"{beside}: {key} is not supported: {why}.", f"Change the cluster of {plain(wanted, 100)}."
            )
    user, user_path = _entry(configs, "user", text(chosen, "user")) if chosen.get("user") else ({}, beside)
    token, certificate = _user(user, user_path)
    trust = Trust(
        ca_file=_beside(beside, text(cluster, "certificate-authority")),
        ca_pem=_decoded(cluster, "certificate-authority-data", beside),
        client_cert=certificate.client_cert,
        client_key=certificate.client_key,
        client_pem=certificate.client_pem,
    )
    hint = f"Check the user {text(chosen, 'user')} in {user_path}: kubectl auth whoami."
    return Access(text(cluster, "server"), token, trust, text(chosen, "namespace"), hint=hint)


def _config(path: Path) -> Fields:
    """A kubeconfig is YAML; the JSON in it needs no library."""
    written = _text(path, "kubeconfig")
    try:
        config = as_fields(json.loads(written) if written.startswith("{") else _yaml(written), "it")
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"The kubeconfig {path} cannot be read: it is not YAML.", "kubectl config view") from error
    if any(word in written for word in ("token:", '"token"', "client-key-data")):
        private_file(path, "kubeconfig")
    return config


def _yaml(written: str) -> object:
    try:
        import yaml
    except ImportError:
        raise UsageError(
            "A kubeconfig needs the yaml package.", "Install it: pip install 'clawpipe-tui[kubernetes]'."
        ) from None
    try:
        return yaml.safe_load(written)
    except yaml.YAMLError as error:
        raise MalformedError("not YAML") from error


def _entry(configs: list[tuple[Fields, Path]], kind: str, wanted: str) -> tuple[Fields, Path]:
    """The named cluster, user or context, and the file that it stands in."""
    known: list[str] = []
    for config, path in configs:
        for item in as_list(config.get(f"{kind}s") or [], f"{kind}s"):
            entry = as_fields(item, kind)
            if entry.get("name") == wanted:
                return part(entry, kind), path
            known.append(text(entry, "name"))
    where = ", ".join(str(path) for _, path in configs)
    raise ConfigError(f"{where} has no {kind} {plain(wanted, 100)!r}.", nearest(wanted, known))


def _user(user: Fields, path: Path) -> tuple[Callable[[], str], Trust]:
    """Where the token comes from, and the client certificate."""
    if user.get("username") or user.get("auth-provider"):
        raise ConfigError(
            f"{path}: username and auth-provider are not supported.", "Use a token, a certificate or exec."
        )
    if part(user, "exec"):
        return _Token(_Plugin(part(user, "exec"), path)), Trust()
    certificate = Trust(
        client_cert=_beside(path, text(user, "client-certificate")),
        client_key=_beside(path, text(user, "client-key")),
        client_pem=_decoded(user, "client-certificate-data", path) + _decoded(user, "client-key-data", path),
    )
    file = _beside(path, text(user, "tokenFile"))
    if file:
        return _Token(lambda: (_secret(Path(file)), time.time() + _REREAD_S)), certificate
    token = str(user.get("token") or "").strip()
    return (lambda: token), certificate


class _Token:
    """A token that is asked for anew when it has become too old."""

    def __init__(self, ask: Callable[[], tuple[str, float]]) -> None:
        self._ask = ask
        self._known, self._until = "", 0.0
        self._asking = Lock()

    def __call__(self) -> str:
        with self._asking:
            if time.time() >= self._until:
                self._known, self._until = self._ask()
            return self._known


@dataclass(frozen=True)
class _Plugin:
    """A program that kubectl would ask, too: it prints an ExecCredential."""

    spec: Fields
    path: Path

    def __call__(self) -> tuple[str, float]:
        """The token, and until when it holds."""
        command = text(self.spec, "command")
        if text(self.spec, "interactiveMode") == "Always":
            raise ConfigError(f"{self.path}: the exec plugin {command} wants to ask at a terminal, which we use.", "")
        printed = self._run(command)
        try:
            status = part(as_fields(parse(printed), "the credential"), "status")
            token, until = str(status.get("token") or ""), moment_of(status, "expirationTimestamp")
        except MalformedError as error:
            raise UsageError(
                f"The exec plugin {command} printed no credential.", "Run it by hand to see why."
            ) from error
        if not token:
            raise UsageError(
                f"The exec plugin {command} gave no token.", "Client certificates from one are not supported."
            )
        return token, (until or datetime.max.replace(tzinfo=UTC)).timestamp() - _REREAD_S

    def _run(self, command: str) -> bytes:
        variables = [as_fields(item, "env") for item in as_list(self.spec.get("env") or [], "env")]
        given = {text(variable, "name"): text(variable, "value") for variable in variables}
        info = {"apiVersion": text(self.spec, "apiVersion"), "kind": "ExecCredential", "spec": {"interactive": False}}
        environment = {**os.environ, **given, "KUBERNETES_EXEC_INFO": json.dumps(info)}
        program = _beside(self.path, command) if os.sep in command else command
        words = [program, *map(str, as_list(self.spec.get("args") or [], "args"))]
        try:
            ended = subprocess.run(  # noqa: S603 - the user's own program, by the user's own kubeconfig, without a shell
                words, stdin=subprocess.DEVNULL, capture_output=True, timeout=_COMMAND_S, check=True, env=environment
            )
        except (OSError, subprocess.SubprocessError) as error:
            hint = plain(text(self.spec, "installHint"), 300) or "Run it by hand to see why."
            raise UsageError(f"The exec plugin {command} gave no credential.", hint) from error
        return ended.stdout


def _beside(path: Path, named: str) -> str:
    """A path in a kubeconfig is relative to it."""
    return str(path.parent / named) if named else ""


def _decoded(fields: Fields, key: str, path: Path) -> str:
    """What is written into the kubeconfig itself, in base64."""
    # Not by text(): a certificate is longer than what is shown on a screen.
    try:
        return base64.b64decode(str(fields.get(key) or ""), validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {key} is not a PEM file in base64.") from error


def _secret(path: Path) -> str:
    private_file(path, "token file")
    return _text(path, "token file")


def _text(path: Path, what: str) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", "") or "not text"
        raise UsageError(f"The {what} {path} cannot be read: {reason}.") from error
