"""SageMaker's control plane by boto3: questions may be asked again, a write is sent exactly once.

boto3 is loaded when something is asked. It finds credentials where the AWS tools look: variables, profiles, SSO, roles.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, cast

from clawpipe_tui.errors import ServingError, UsageError
from clawpipe_tui.serving.address import address
from clawpipe_tui.serving.errors import Unavailable, Unknown
from clawpipe_tui.serving.payload import MASK, Fields, as_fields, as_list, plain, text
from clawpipe_tui.serving.refusal import Answer, Asked, refusal

if TYPE_CHECKING:
    from boto3 import Session
    from botocore.exceptions import ClientError

_MOST_PAGES = 50
_MAKING = Lock()  # clients of one session must not be made by two threads at once
_HINT = "Check the AWS credentials: aws sts get-caller-identity."
_STATUS = {
    "AccessDenied": 403, "AccessDeniedException": 403, "UnrecognizedClientException": 401, "InvalidClientTokenId": 401,
    "InvalidSignatureException": 401, "ExpiredTokenException": 401, "ExpiredToken": 401, "ThrottlingException": 429,
    "Throttling": 429, "TooManyRequestsException": 429, "ResourceNotFound": 404, "ConflictException": 409,
}  # fmt: skip
_ABSENT = ("could not find", "does not exist", "cannot find")


class ControlPlane:
    """One region's SageMaker."""

    def __init__(
        self,
        url: str = "",
        region: str = "",
        ca_file: str = "",
        timeout_s: float = 10.0,
        plain_http_hosts: Collection[str] = (),
    ) -> None:
        if url:
            address(url, "a-session-token", plain_http_hosts)  # one may travel with each request
        self._url, self._region, self._ca_file, self._timeout_s = url.rstrip("/"), region, ca_file, timeout_s
        self._reader: object | None = None
        self._opening = Lock()

    @property
    def base(self) -> str:
        """Where it is."""
        return self._url or f"https://api.sagemaker.{self._region or '<the configured region>'}.amazonaws.com"

    def ask(self, operation: str, what: str, **given: object) -> Fields:
        """The answer to a question. Raises NotFound, Denied, Unavailable, ServingError."""
        with self._opening:
            if self._reader is None:
                self._reader = self._opened(attempts=3)
        return self._called(self._reader, operation, Asked(self.base, what, hint=_HINT), given)

    def pages(self, operation: str, key: str, what: str, **given: object) -> list[Fields]:
        """All entries of a list."""
        found: list[Fields] = []
        more: dict[str, object] = {}
        for _ in range(_MOST_PAGES):
            page = self.ask(operation, what, **given, **more)
            found += [as_fields(item, "an entry") for item in as_list(page.get(key) or [], key)]
            if not text(page, "NextToken"):
                break
            more = {"NextToken": page["NextToken"]}
        return found

    def note(self, operation: str, what: str, **given: object) -> None:
        """A write that moves nothing by itself: where its answer is lost, nothing has happened yet."""
        try:
            self.write(operation, what, **given)
        except Unknown as lost:
            raise Unavailable(f"{self.base} gave no answer about {what}.", "Nothing was changed.") from lost

    def write(self, operation: str, what: str, **given: object) -> Fields:
        """Send once, over a connection of its own. Raises Unknown where the answer is lost."""
        writer = self._opened(attempts=1)
        return self._called(writer, operation, Asked(self.base, what, write=True, hint=_HINT), given)

    def literal(self, operation: str, body: Fields) -> str:
        """A request as it will travel, with its signature masked."""
        head = f"POST {self.base}/\nAuthorization: AWS4-HMAC-SHA256 {MASK}\nX-Amz-Target: SageMaker.{operation}"
        return f"{head}\nContent-Type: application/x-amz-json-1.1\n\n{json.dumps(body, indent=2, ensure_ascii=False)}"

    def _opened(self, *, attempts: int) -> object:
        session = _session()
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        config = Config(
            retries={"total_max_attempts": attempts, "mode": "standard"},
            connect_timeout=self._timeout_s,
            read_timeout=self._timeout_s,
        )
        try:
            with _MAKING:
                return session.client(
                    "sagemaker",
                    region_name=self._region or None,
                    endpoint_url=self._url or None,
                    verify=self._ca_file or None,
                    config=config,
                )
        except BotoCoreError as error:
            hint = "Name the region in [serving] region, the profile in AWS_PROFILE."
            raise UsageError(f"AWS cannot be reached: {plain(str(error), 200)}", hint) from error

    def _called(self, client: object, operation: str, asked: Asked, given: Mapping[str, object]) -> Fields:
        from botocore import exceptions, xform_name

        try:
            answer: object = getattr(client, xform_name(operation))(**given)
        except exceptions.ClientError as error:
            raise refusal(asked, _answer(error)) from error
        except (exceptions.ConnectTimeoutError, exceptions.EndpointConnectionError, exceptions.SSLError) as error:
            message = f"Cannot reach SageMaker at {self.base}: {plain(str(error), 200)}"
            raise Unavailable(message, "Check [serving] region and the network.") from error
        except (exceptions.NoCredentialsError, exceptions.CredentialRetrievalError) as error:
            raise UsageError(f"There are no AWS credentials here: {plain(str(error), 200)}", _HINT) from error
        except exceptions.ParamValidationError as error:
            raise ServingError(f"SageMaker has no such names: {plain(str(error), 300)}", "Check the model.") from error
        except exceptions.BotoCoreError as error:
            raise _lost(asked, error) from error
        return cast("Fields", _without_times(answer))


@cache
def _session() -> Session:
    """One for all: each reads megabytes about the service anew."""
    try:
        from boto3 import Session
        from botocore.exceptions import BotoCoreError
    except ImportError:
        raise UsageError("SageMaker needs boto3.", "Install it: pip install 'clawpipe-tui[sagemaker]'.") from None
    try:
        return Session()
    except BotoCoreError as error:
        raise UsageError(f"AWS cannot be used: {plain(str(error), 200)}", _HINT) from error


def _lost(asked: Asked, error: Exception) -> ServingError:
    """Something was sent, and what came back is nothing that can be understood."""
    why = plain(str(error), 200) or type(error).__name__
    if asked.write:
        message = f"The change was sent to {asked.base} and its answer was lost: {why}"
        return Unknown(message, "It may or may not have taken effect. Do not send it again.")
    return Unavailable(f"SageMaker at {asked.base} gave no answer: {why}", "Try again.")


def _answer(error: ClientError) -> Answer:
    """AWS says almost everything with a 400; what it means is in the code and in the words."""
    said, head = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
    code, message = str(said.get("Code", "")), str(said.get("Message", ""))
    status = _STATUS.get(code) or int(head.get("HTTPStatusCode", 500))
    if status == 400 and any(words in message.lower() for words in _ABSENT):
        status = 404
    headers = {str(name).lower(): str(value) for name, value in head.get("HTTPHeaders", {}).items()}
    return Answer(status, headers, json.dumps({"message": message}).encode())


def _without_times(value: object) -> object:
    """boto3's times as JSON has them."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _without_times(item) for name, item in cast("dict[str, object]", value).items()}
    if isinstance(value, list):
        return [_without_times(item) for item in cast("list[object]", value)]
    return value
