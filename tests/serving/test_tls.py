"""https to a reference API with certificates of our own: what is trusted, what is refused, who the client is."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from served import MODEL, OPERATOR, settings

from clawpipe_tui.demo.running import Certificates, Running, serve_in_thread
from clawpipe_tui.demo.server import reference_app
from clawpipe_tui.errors import ConfigError
from clawpipe_tui.serving.errors import Unavailable
from clawpipe_tui.serving.reference import ReferenceAPI
from clawpipe_tui.serving.trust import Trust, tls_context


@dataclass(frozen=True)
class Secured:
    """A server over https that wants a client certificate."""

    running: Running
    folder: Path

    def api(self, trust: Trust) -> ReferenceAPI:
        """A client that trusts so."""
        return ReferenceAPI(self.running.url, OPERATOR, trust=trust, timeout_s=2.0)


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """One authority, one server, one client."""
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    trustme.CA().cert_pem.write_to_path(folder / "other-ca.pem")
    for name in ("127.0.0.1", "operator@example.org"):
        made = authority.issue_cert(name)
        key = folder / f"{name[:3]}.key"
        made.private_key_pem.write_to_path(key)
        key.chmod(0o600)
        for blob in made.cert_chain_pems:
            blob.write_to_path(folder / f"{name[:3]}.pem", append=True)
    certificates = Certificates(str(folder / "127.pem"), str(folder / "127.key"), client_ca=str(folder / "ca.pem"))
    running = serve_in_thread(reference_app(settings(folder)), certificates=certificates)
    yield Secured(running, folder)
    running.stop()


def test_a_team_s_own_authority_and_a_client_certificate_open_the_door(secured: Secured) -> None:
    """As the files of the configuration name them."""
    folder = secured.folder
    trust = Trust(str(folder / "ca.pem"), str(folder / "ope.pem"), str(folder / "ope.key"))
    with closing(secured.api(trust)) as api:
        assert secured.running.url.startswith("https:")
        assert api.models() == (MODEL,)


@pytest.mark.parametrize(("ca", "words"), [("", "certificate"), ("other-ca.pem", "certificate")])
def test_an_authority_that_is_not_trusted_is_refused(secured: Secured, ca: str, words: str) -> None:
    """There is no switch to look away."""
    trust = Trust(str(secured.folder / ca) if ca else "")
    with closing(secured.api(trust)) as api, pytest.raises(Unavailable, match=words):
        api.models()


def test_a_client_without_a_certificate_is_refused(secured: Secured) -> None:
    """By the server; the sentence says that it is unreachable, and nothing was sent twice."""
    with closing(secured.api(Trust(str(secured.folder / "ca.pem")))) as api, pytest.raises(Unavailable):
        api.models()


@pytest.mark.parametrize(
    ("trust", "words"),
    [
        (("nowhere.pem", "", ""), "ca_file cannot be used"),
        (("ope.key", "", ""), "ca_file cannot be used"),
        (("ca.pem", "ope.pem", "127.key"), "client_cert cannot be used"),
        (("ca.pem", "nowhere.pem", "ope.key"), "client_cert cannot be used"),
    ],
)
def test_files_that_cannot_be_used_are_named(secured: Secured, trust: tuple[str, str, str], words: str) -> None:
    """Before anything is sent."""
    files = [str(secured.folder / name) if name else "" for name in trust]
    with pytest.raises(ConfigError, match=words):
        tls_context(Trust(*files))


def test_a_client_key_that_others_may_read_is_refused(secured: Secured) -> None:
    """As a token file is."""
    key = secured.folder / "open.key"
    key.write_bytes((secured.folder / "ope.key").read_bytes())
    key.chmod(0o644)
    with pytest.raises(ConfigError, match="may be read by others"):
        tls_context(Trust("", str(secured.folder / "ope.pem"), str(key)))


def test_the_check_is_always_on() -> None:
    """Host name and chain."""
    context = tls_context(Trust())
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)
