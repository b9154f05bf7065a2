"""Who may do what: bearer tokens with scopes (RFC 6750), of which only the SHA-256 is kept."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from starlette.requests import Request

from clawpipe_tui.demo.problems import ProblemError

Scope = Literal["read", "operate", "approve", "predict"]
SCOPES: frozenset[Scope] = frozenset({"read", "operate", "approve", "predict"})


@dataclass(frozen=True)
class Account:
    """Someone, or something, that holds a token."""

    name: str
    scopes: frozenset[Scope]


def digest(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def accounts(tokens: Mapping[str, Account]) -> dict[str, Account]:
    """Accounts by the digest of their token."""
    return {digest(token): account for token, account in tokens.items()}


def bearer(request: Request) -> str:
    """The token of a request; empty where there is none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def authorise(request: Request, known: Mapping[str, Account], scope: Scope) -> Account:
    """The account behind a request. Raises a 401 or 403 problem."""
    token = bearer(request)
    if not token:
        raise ProblemError(401, "This needs a bearer token.", {"WWW-Authenticate": "Bearer"})
    account = known.get(digest(token))
    if account is None:
        raise ProblemError(401, "This token is not known.", {"WWW-Authenticate": 'Bearer error="invalid_token"'})
    if scope not in account.scopes:
        challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
        raise ProblemError(403, f"{account.name} lacks the scope {scope!r}.", {"WWW-Authenticate": challenge})
    return account


def from_this_machine(request: Request) -> bool:
    """Whether the request came over loopback."""
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
