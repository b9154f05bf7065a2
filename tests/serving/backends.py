"""Serving systems that fit into a test: fakes that answer as MLflow and Triton do, by what was recorded from them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from clawpipe_tui.serving.payload import Fields, as_fields

NAME = "flight-delay"
Handler = Callable[[Fields], httpx.Response]


def refused(status: int, code: str, message: str) -> httpx.Response:
    """A refusal as MLflow words it."""
    return httpx.Response(status, json={"error_code": code, "message": message})


def ok(**fields: object) -> httpx.Response:
    """A yes."""
    return httpx.Response(200, json=fields)


@dataclass
class FakeMlflow:
    """One registered model with three versions, an alias, and tags."""

    alias: dict[str, str] = field(default_factory=lambda: {"champion": "2"})
    tags: dict[str, str] = field(default_factory=dict[str, str])
    asked: list[str] = field(default_factory=list[str])

    def transport(self) -> httpx.MockTransport:
        """What a client is given instead of a socket."""
        return httpx.MockTransport(self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """By the path's last words."""
        if request.url.path == "/model-versions/get-artifact":
            return self._packed(request.url.params)
        path = request.url.path.removeprefix("/api/2.0/mlflow/")
        self.asked.append(f"{request.method} {path}")
        given: Fields = as_fields(json.loads(request.content), "body") if request.content else dict(request.url.params)
        handlers: dict[str, Handler] = {
            "GET registered-models/search": lambda _: ok(registered_models=[{"name": NAME}]),
            "GET model-versions/search": self._versions,
            "GET model-versions/get": self._version,
            "GET registered-models/get": self._model,
            "GET runs/get": lambda _: ok(run=_RUN),
            "POST registered-models/set-tag": self._tag,
            "POST registered-models/alias": self._move,
        }
        handler = handlers.get(f"{request.method} {path}")
        return handler(given) if handler else httpx.Response(404, html="<h1>Not found</h1>")

    def _packed(self, given: httpx.QueryParams) -> httpx.Response:
        """What was recorded: a 404 where a file is missing, a 500 where the store cannot be read."""
        files = {
            ("2", "requirements.txt"): "mlflow==3.17.2\n# a comment\nnumpy==2.1.0 --hash=sha256:abc\n\nscipy\n",
            ("2", "python_env.yaml"): "python: 3.11.7\nbuild_dependencies:\n- pip==23.2.1\n",
            ("1", "conda.yaml"): "dependencies:\n- python=3.10.4\n- pip:\n  - mlflow==2.9.0\n  - numpy==1.26.4\n",
        }
        if given["version"] == "3":
            return httpx.Response(500, html="<h1>Internal Server Error</h1>")
        found = files.get((given["version"], given["path"]))
        return httpx.Response(200, text=found) if found else refused(404, "RESOURCE_DOES_NOT_EXIST", "No such artifact")

    def _versions(self, given: Fields) -> httpx.Response:
        return ok(model_versions=[_made(n) for n in (3, 1, 2)] if given["filter"] == f"name='{NAME}'" else [])

    def _version(self, given: Fields) -> httpx.Response:
        if given["name"] != NAME or given["version"] not in {"1", "2", "3"}:
            return refused(404, "RESOURCE_DOES_NOT_EXIST", "Model Version not found")
        return ok(model_version=_made(int(str(given["version"]))))

    def _model(self, given: Fields) -> httpx.Response:
        if given["name"] != NAME:
            return refused(404, "RESOURCE_DOES_NOT_EXIST", f"Registered Model with name={given['name']} not found")
        aliases = [{"alias": name, "version": version} for name, version in self.alias.items()]
        tags = [{"key": key, "value": value} for key, value in self.tags.items()]
        return ok(registered_model={"name": NAME, "aliases": aliases, "tags": tags})

    def _tag(self, given: Fields) -> httpx.Response:
        self.tags[str(given["key"])] = str(given["value"])
        return ok()

    def _move(self, given: Fields) -> httpx.Response:
        if given["version"] not in {"1", "2", "3"}:
            return refused(404, "RESOURCE_DOES_NOT_EXIST", f"Model Version (version={given['version']}) not found")
        self.alias[str(given["alias"])] = str(given["version"])
        return ok()


_RUN = {
    "data": {"params": [{"key": "l2", "value": "2.0"}], "metrics": [{"key": "auc", "value": 0.9}]},
    "inputs": {"dataset_inputs": [{"dataset": {"name": "flights", "digest": "abc", "source": "s3://x"}}]},
}


def _made(number: int) -> Fields:
    return {
        "name": NAME, "version": str(number), "creation_timestamp": 1_760_000_000_000 + number,
        "description": f"makes {number}", "run_id": f"run-{number}", "source": "models:/m", "user_id": "ada",
    }  # fmt: skip


@dataclass
class FakeTriton:
    """One model, one version ready at a time, configuration as it was loaded."""

    ready: str = "2"
    config: Fields = field(default_factory=lambda: {"name": NAME, "version_policy": {"latest": {"num_versions": 1}}})
    asked: list[str] = field(default_factory=list[str])

    def transport(self) -> httpx.MockTransport:
        """What a client is given instead of a socket."""
        return httpx.MockTransport(self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Index, configuration, load."""
        path = request.url.path
        self.asked.append(f"{request.method} {path}")
        if path == "/v2/repository/index":
            return httpx.Response(200, json=[{"name": NAME, "version": self.ready, "state": "READY"}])
        if path == f"/v2/models/{NAME}/config":
            return httpx.Response(200, json=self.config)
        if path == f"/v2/repository/models/{NAME}/load":
            return self._load(as_fields(json.loads(request.content), "body"))
        return httpx.Response(400, json={"error": f"Request for unknown model: {path}"})

    def _load(self, body: Fields) -> httpx.Response:
        parameters = as_fields(body["parameters"], "parameters")
        config = as_fields(json.loads(str(parameters["config"])), "config")
        policy = cast("dict[str, dict[str, list[int]]]", config["version_policy"])
        version = str(policy["specific"]["versions"][0])
        if version not in {"1", "2", "3"}:
            return httpx.Response(400, json={"error": f"failed to load '{NAME}', no version is available"})
        self.config, self.ready = config, version
        return httpx.Response(200)


def over_http(answer: Callable[[httpx.Request], httpx.Response]) -> ASGIApp:
    """A fake behind a real socket."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        url = f"http://fake{scope['raw_path'].decode()}?{scope['query_string'].decode()}"
        request = httpx.Request(scope["method"], url, headers=scope["headers"], content=body)
        response = await asyncio.to_thread(answer, request)
        await send({"type": "http.response.start", "status": response.status_code, "headers": response.headers.raw})
        await send({"type": "http.response.body", "body": response.content})

    return app
