"""Where a token comes from: a variable, a program, the keyring, a private file. Never the command line, never a log."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from clawpipe_tui.config import Serving
from clawpipe_tui.errors import ConfigError, UsageError

DEFAULT_VARIABLE = "CLAWPIPE_TOKEN"
REGISTRY_VARIABLE = "CLAWPIPE_REGISTRY_TOKEN"
_COMMAND_S = 20.0
_OTHERS = 0o077


def read_token(serving: Serving, environment: Mapping[str, str] = os.environ) -> str:
    """The router's token from the source that is named, else from CLAWPIPE_TOKEN; empty where there is none.

    Raises UsageError where a named source has none, ConfigError where several are named or a file is not private.
    """
    return _read(serving, "", DEFAULT_VARIABLE, environment)


def read_registry_token(serving: Serving, environment: Mapping[str, str] = os.environ) -> str:
    """The token of a registry that is somewhere else: from a source of its own, else from CLAWPIPE_REGISTRY_TOKEN."""
    return _read(serving, "registry_", REGISTRY_VARIABLE, environment)


def _read(serving: Serving, whose: str, default: str, environment: Mapping[str, str]) -> str:
    sources: Mapping[str, Callable[[], str]] = {
        "token_env": lambda: _from_variable(getattr(serving, f"{whose}token_env"), environment),
        "token_command": lambda: _from_command(getattr(serving, f"{whose}token_command")),
        "token_keyring": lambda: _from_keyring(getattr(serving, f"{whose}token_keyring")),
        "token_file": lambda: _from_file(Path(getattr(serving, f"{whose}token_file"))),
    }
    named = [name for name in sources if getattr(serving, whose + name)]
    if len(named) > 1:
        known = ", ".join(whose + name for name in named)
        raise ConfigError(f"[serving] names several sources of a token: {known}.", "Keep one.")
    return sources[named[0]]() if named else environment.get(default, "").strip()


def _from_variable(name: str, environment: Mapping[str, str]) -> str:
    token = environment.get(name, "").strip()
    if not token:
        raise UsageError(f"The environment variable {name} is empty.", "It must hold the API's token.")
    return token


def _from_command(words: tuple[str, ...]) -> str:
    """The first line that a program prints; what else it prints is shown nowhere, for it may hold the token."""
    try:
        ended = subprocess.run(  # noqa: S603 - the user's own program, without a shell
            words, stdin=subprocess.DEVNULL, capture_output=True, timeout=_COMMAND_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise UsageError(f"The token command {words[0]} gave no token in {_COMMAND_S:.0f} s.") from None
    except OSError as error:
        raise UsageError(f"The token command {words[0]} cannot be run: {error.strerror}.") from error
    lines = ended.stdout.decode("utf-8", "replace").splitlines()
    if ended.returncode or not lines or not lines[0].strip():
        raise UsageError(
            f"The token command {words[0]} gave no token (exit code {ended.returncode}).", "Run it by hand to see why."
        )
    return lines[0].strip()


def _from_keyring(name: str) -> str:
    service, _, user = name.partition("/")
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        raise UsageError(
            "[serving] token_keyring needs the keyring package.", "Install it: pip install 'clawpipe-tui[keyring]'."
        ) from None
    try:
        token = keyring.get_password(service, user)
    except KeyringError as error:
        message = f"The keyring cannot be asked on this machine: {type(error).__name__}."
        raise UsageError(message, "Without a desktop session there is none; use token_env or token_file.") from error
    if not token:
        raise UsageError(f"The keyring has no token {name}.", f"Put it there: keyring set {service} {user}.")
    return token.strip()


def _from_file(path: Path) -> str:
    private_file(path, "token file")
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The token file {path} cannot be read: {getattr(error, 'strerror', 'not text')}.") from error
    if not token:
        raise UsageError(f"The token file {path} is empty.")
    return token


def private_file(path: Path, what: str) -> None:
    """Raises ConfigError where others may read a file that holds a secret, UsageError where it is not there."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise UsageError(f"The {what} {path} cannot be read: {error.strerror}.") from error
    if mode & _OTHERS:
        raise ConfigError(
            f"The {what} {path} may be read by others (mode {mode & 0o777:04o}).", f"Make it private: chmod 600 {path}"
        )
