"""Where tokens come from, and that they go nowhere else."""

from __future__ import annotations

import sys
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring

from clawpipe_tui.config import Serving
from clawpipe_tui.errors import ConfigError, UsageError
from clawpipe_tui.serving.address import address
from clawpipe_tui.serving.credentials import read_token
from clawpipe_tui.serving.reference import ReferenceAPI

SECRET = "s3cret-token"


def private(path: Path, text: str, mode: int = 0o600) -> Path:
    """A file of that mode."""
    path.write_text(text)
    path.chmod(mode)
    return path


def printing(*lines: str, code: int = 0) -> tuple[str, ...]:
    """A command that prints and ends."""
    return (sys.executable, "-c", f"import sys; print(*{lines!r}, sep='\\n'); sys.exit({code})")


def test_each_source_gives_the_token(tmp_path: Path) -> None:
    """Without the line break that a program or an editor adds."""
    environment = {"MY_TOKEN": f" {SECRET}\n", "CLAWPIPE_TOKEN": SECRET}
    path = private(tmp_path / "token", f"{SECRET}\n")
    for source in (
        Serving("u", token_env="MY_TOKEN"),
        Serving("u", token_command=printing(SECRET, "noise")),
        Serving("u", token_file=str(path)),
        Serving("u"),
    ):
        assert read_token(source, environment) == SECRET
    assert read_token(Serving("u"), {}) == ""


class OneSecret(KeyringBackend):
    """A keyring that knows one password."""

    priority = 1.0  # pyright: ignore[reportAssignmentType] - keyring documents it as a plain number

    def get_password(self, service: str, username: str) -> str | None:
        """For clawpipe's operator alone."""
        return SECRET if (service, username) == ("clawpipe", "operator") else None

    def set_password(self, service: str, username: str, password: str) -> None:
        """Never asked."""
        raise NotImplementedError(service, username, password)

    def delete_password(self, service: str, username: str) -> None:
        """Never asked."""
        raise NotImplementedError(service, username)


def test_the_keyring_is_asked_by_service_and_user() -> None:
    """One that lacks it, and a machine without any, are told in words."""
    before = keyring.get_keyring()
    try:
        keyring.set_keyring(OneSecret())
        assert read_token(Serving("u", token_keyring="clawpipe/operator"), {}) == SECRET
        with pytest.raises(UsageError, match="keyring set clawpipe nobody"):
            read_token(Serving("u", token_keyring="clawpipe/nobody"), {})
        keyring.set_keyring(NoKeyring())
        with pytest.raises(UsageError, match="NoKeyringError"):
            read_token(Serving("u", token_keyring="clawpipe/operator"), {})
    finally:
        keyring.set_keyring(before)


@pytest.mark.parametrize(
    ("serving", "words"),
    [
        (Serving("u", token_env="MISSING"), "MISSING is empty"),
        (Serving("u", token_command=printing(SECRET, code=3)), r"gave no token \(exit code 3\)"),
        (Serving("u", token_command=printing("")), "gave no token"),
        (Serving("u", token_command=("/nowhere/at-all",)), "cannot be run"),
        (Serving("u", token_file="/nowhere/at-all"), "cannot be read"),
        (Serving("u", token_env="A", token_file="b"), "several sources of a token: token_env, token_file"),
    ],
)
def test_a_named_source_without_a_token_is_an_error(serving: Serving, words: str) -> None:
    """It is not replaced by another, and what a program printed is not shown."""
    with pytest.raises(UsageError, match=words) as refused:
        read_token(serving, {"CLAWPIPE_TOKEN": SECRET})
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666, 0o601])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    """With what to do about it."""
    path = private(tmp_path / "token", SECRET, mode)
    with pytest.raises(ConfigError, match=f"chmod 600 {path}"):
        read_token(Serving("u", token_file=str(path)), {})


def test_plain_http_to_another_host_must_be_allowed_by_its_name() -> None:
    """The one that is named, and no other."""
    assert address("http://serving.internal:8080", SECRET, ["serving.internal"]).base
    with pytest.raises(ConfigError, match=r"plain http to serving\.example"):
        address("http://serving.example", SECRET, ["serving.internal"])
    ReferenceAPI("http://serving.internal", SECRET, plain_http_hosts=["serving.internal"]).close()


def test_a_token_is_in_no_repr() -> None:
    """What a traceback or a log prints of it."""
    api = ReferenceAPI("https://serving.example", SECRET)
    assert SECRET not in repr(address("https://serving.example", SECRET))
    assert SECRET not in repr(api) + repr(vars(api))
