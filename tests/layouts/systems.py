"""Writes one small story, sixty predictions in ten minutes, as the log of each serving system that has a layout."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

BEGIN = datetime(2026, 11, 20, 12, tzinfo=UTC)
PREDICTIONS = 60
CITIES = ("Oslo", "Rome", "Cairo")


@dataclass(frozen=True)
class Call:
    """One prediction of the story; every tenth of them failed."""

    number: int

    @property
    def at(self) -> datetime:
        """Ten seconds apart."""
        return BEGIN + timedelta(seconds=10 * self.number)

    @property
    def age(self) -> float:
        """A numeric feature."""
        return 20.5 + self.number % 40

    @property
    def city(self) -> str:
        """A categorical feature."""
        return CITIES[self.number % 3]

    @property
    def score(self) -> float:
        """What was answered."""
        return round(0.1 + 0.8 * (self.number % 20) / 20, 4)

    @property
    def failed(self) -> bool:
        """Six of the sixty."""
        return self.number % 10 == 9

    @property
    def id(self) -> str:
        """The request's id."""
        return f"00000000-0000-4000-8000-{self.number:012d}"


CALLS = tuple(map(Call, range(PREDICTIONS)))
ANSWERED = tuple(call for call in CALLS if not call.failed)


@dataclass(frozen=True)
class System:
    """A serving system: how it writes the story, and what can be known from that."""

    name: str
    write: Callable[[Path], str]
    """Writes into a folder; returns the glob of the log."""
    requests: int
    version: str
    failures: int | None = None
    """None where the log does not say what failed."""
    has_latency: bool = False
    features: tuple[str, ...] = ("age", "city")
    calls: Sequence[Call] = CALLS


def _lines(path: Path, records: Iterable[object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")


def _parquet(path: Path, records: Sequence[dict[str, object]], schema: pa.Schema | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(records), schema=schema), path)


def _batches(size: int) -> list[tuple[Call, ...]]:
    return [CALLS[begin : begin + size] for begin in range(0, PREDICTIONS, size)]


def _split(calls: Sequence[Call]) -> str:
    rows = [[call.age, call.city] for call in calls]
    return json.dumps({"dataframe_split": {"columns": ["age", "city"], "data": rows}})


def _answers(calls: Sequence[Call]) -> str:
    if calls[0].failed:
        return json.dumps({"error_code": "INTERNAL_ERROR", "message": "the model raised ValueError"})
    return json.dumps({"predictions": [call.score for call in calls]})


def databricks_legacy(folder: Path) -> str:
    """Batches of two, the last of ten calls failed as a whole."""
    records: list[dict[str, object]] = [
        {
            "databricks_request_id": batch[0].id,
            "client_request_id": None,
            "date": batch[0].at.date(),
            "timestamp_ms": int(batch[0].at.timestamp() * 1000),
            "status_code": 500 if place % 10 == 9 else 200,
            "sampling_fraction": 1.0,
            "execution_time_ms": 40 + place,
            "request": _split(batch),
            "response": json.dumps({"error_code": "INTERNAL_ERROR"})
            if place % 10 == 9
            else json.dumps({"predictions": [call.score for call in batch]}),
            "request_metadata": [("endpoint_name", "fraud"), ("model_name", "fraud-model"), ("model_version", "7")],
        }
        for place, batch in enumerate(_batches(2))
    ]
    schema = pa.schema(
        [
            ("databricks_request_id", pa.string()), ("client_request_id", pa.string()), ("date", pa.date32()),
            ("timestamp_ms", pa.int64()), ("status_code", pa.int32()), ("sampling_fraction", pa.float64()),
            ("execution_time_ms", pa.int64()), ("request", pa.string()), ("response", pa.string()),
            ("request_metadata", pa.map_(pa.string(), pa.string())),
        ]
    )  # fmt: skip
    _parquet(folder / "date=2026-11-20" / "part-0.parquet", records, schema)
    return f"{folder}/**/*.parquet"


def databricks_ai_gateway(folder: Path) -> str:
    """Records, one a call."""
    records: list[dict[str, object]] = [
        {
            "databricks_request_id": call.id, "request_date": call.at.date(), "client_request_id": f"c-{call.number}",
            "request_time": call.at, "status_code": 500 if call.failed else 200, "sampling_fraction": 1.0,
            "execution_duration_ms": 30 + call.number,
            "request": json.dumps({"dataframe_records": [{"age": call.age, "city": call.city}]}),
            "response": _answers([call]), "logging_error_codes": [], "served_entity_id": "entity-2",
            "requester": "shop",
        }
        for call in CALLS
    ]  # fmt: skip
    _parquet(folder / "part-0.parquet", records)
    return f"{folder}/*.parquet"


def databricks_unity(folder: Path) -> str:
    """One a call; calls that failed are not there."""
    records: list[dict[str, object]] = [
        {
            "event_time": call.at, "invocation_id": call.id, "requester": "shop", "status_code": 200,
            "latency_ms": 30 + call.number, "destination_model": "fraud-8",
            "request": json.dumps({"inputs": {"age": [call.age], "city": [call.city]}}), "response": _answers([call]),
            "logging_error_codes": [],
        }
        for call in ANSWERED
    ]  # fmt: skip
    _parquet(folder / "part-0.parquet", records)
    return f"{folder}/*.parquet"


def sagemaker(folder: Path) -> str:
    """JSON lines under endpoint, variant and hour; CSV bodies, the second file in base64."""
    for place, calls in enumerate((CALLS[:30], CALLS[30:])):
        asked = [f"{call.age},{call.city}" for call in calls]
        answered = [str(call.score) for call in calls]
        encoding = ("CSV", "BASE64")[place]
        if place:
            asked, answered = (
                [base64.b64encode(text.encode()).decode() for text in texts] for texts in (asked, answered)
            )
        records = [
            {
                "captureData": {
                    "endpointInput": {"observedContentType": "text/csv", "mode": "INPUT", "data": one,
                    "encoding": encoding},
                    "endpointOutput": {
                        "observedContentType": "text/csv; charset=utf-8", "mode": "OUTPUT", "data": other,
                        "encoding": encoding,
                    },
                },
                "eventMetadata": {
                    "eventId": call.id, "customAttributes": ["region=eu"],
                    "inferenceTime": call.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                },
                "eventVersion": "0",
            }
            for call, one, other in zip(calls, asked, answered, strict=True)
        ]  # fmt: skip
        _lines(
            folder / "fraud-endpoint" / "variant-b" / "2026" / "11" / "20" / "12" / f"{place:08d}-uuid.jsonl", records
        )
    return f"{folder}/**/*.jsonl"


def vertex(folder: Path) -> str:
    """The BigQuery table, exported to Parquet."""
    records: list[dict[str, object]] = [
        {
            "endpoint": "123", "deployed_model_id": "456", "logging_time": call.at, "request_id": call.number,
            "request_payload": [json.dumps({"age": call.age, "city": call.city})],
            "response_payload": [json.dumps(call.score)],
        }
        for call in CALLS
    ]  # fmt: skip
    schema = pa.schema(
        [
            ("endpoint", pa.string()), ("deployed_model_id", pa.string()), ("logging_time", pa.timestamp("us", "UTC")),
            ("request_id", pa.decimal128(38, 9)), ("request_payload", pa.list_(pa.string())),
            ("response_payload", pa.list_(pa.string())),
        ]
    )  # fmt: skip
    _parquet(folder / "export-0.parquet", records, schema)
    return f"{folder}/*.parquet"


def vertex_legacy(folder: Path) -> str:
    """The older AI Platform table as JSON lines."""
    records = [
        {
            "model": "fraud", "model_version": "v3", "time": call.at.isoformat(),
            "raw_data": json.dumps({"instances": [{"age": call.age, "city": call.city}]}),
            "raw_prediction": _answers([call]),
            "groundtruth": None,
        }
        for call in ANSWERED
    ]  # fmt: skip
    _lines(folder / "rows.jsonl", records)
    return f"{folder}/*.jsonl"


def kserve_event(call: Call, kind: str) -> dict[str, object]:
    """One event of the payload logger, without its time."""
    body = {"instances": [{"age": call.age, "city": call.city}]} if kind == "request" else {"predictions": [call.score]}
    return {
        "url": "http://logger", "bytes": base64.b64encode(json.dumps(body).encode()).decode(),
        "contentType": "application/json", "reqType": f"org.kubeflow.serving.inference.{kind}", "id": call.id,
        "sourceUri": "http://localhost:9081/", "inferenceService": "fraud", "namespace": "shop",
        "component": "predictor",
        "endpoint": "canary", "metadata": "{}", "annotations": "{}", "certName": "", "tlsSkipVerify": False,
    }  # fmt: skip


def kserve(folder: Path) -> str:
    """A file for each request and a file for each answer; the answers of failed calls are not logged."""
    for call in CALLS:
        for kind in ("request", "response") if not call.failed else ("request",):
            path = folder / "shop" / "fraud" / "predictor" / f"{call.id}-{kind}.parquet"
            _parquet(path, [kserve_event(call, kind)])
            os.utime(path, (call.at.timestamp(), call.at.timestamp()))
    return f"{folder}/**/*.parquet"


def kserve_json(folder: Path) -> str:
    """The same as JSON lines, with times: the answer 25 ms after the request."""
    for call in ANSWERED:
        for kind, later_ms in (("request", 0), ("response", 25)):
            time = (call.at + timedelta(milliseconds=later_ms)).isoformat().replace("+00:00", "Z")
            _lines(folder / "shop" / f"{call.id}-{kind}.json", [{**kserve_event(call, kind), "occurrenceTime": time}])
    return f"{folder}/**/*.json"


def seldon(folder: Path) -> str:
    """Documents of the request logger, elements by name."""
    records = [
        {
            "ServingEngine": "seldon", "Ce-Inferenceservicename": "fraud", "Ce-Endpoint": "default",
            "Ce-Namespace": "shop", "Ce-Modelid": "classifier", "@timestamp": call.at.isoformat(), "RequestId": call.id,
            "request": {
                "dataType": "tabular", "names": ["age", "city"], "instance": [call.age, call.city],
                "elements": {"age": call.age, "city": call.city},
            },
            "response": {"dataType": "tabular", "names": ["proba"], "instance": [call.score],
            "elements": {"proba": call.score}},
        }
        for call in ANSWERED
    ]  # fmt: skip
    _lines(folder / "documents.jsonl", records)
    return f"{folder}/*.jsonl"


def seldon_v2(folder: Path) -> str:
    """Both topics of a model in one file, as a consumer saves them."""
    records: list[object] = []
    for call in ANSWERED:
        asked = [
            {"name": "age", "datatype": "FP64", "shape": [1, 1], "data": [call.age]},
            {"name": "city", "datatype": "BYTES", "shape": [1, 1], "data": [call.city]},
        ]
        answered = [{"name": "proba", "datatype": "FP64", "shape": [1, 1], "data": [call.score]}]
        at = int(call.at.timestamp() * 1000)
        records += [
            {"topic": "seldon.shop.model.fraud.inputs", "key": call.id, "timestamp": at, "value": {"inputs": asked}},
            {
                "topic": "seldon.shop.model.fraud.outputs", "key": call.id, "timestamp": at + 12,
                "value": {"modelName": "fraud_1", "modelVersion": "1", "outputs": answered},
            },
        ]  # fmt: skip
    _lines(folder / "messages.jsonl", records)
    return f"{folder}/*.jsonl"


def bentoml(folder: Path) -> str:
    """The data log of one worker, and the schema log beside it."""
    records = [
        {
            "age": call.age, "city": call.city, "prediction": call.score,
            "timestamp": call.at.replace(tzinfo=None).isoformat(), "request_id": str(call.number + 10**15),
            "trace_id": str(call.number + 10**30),
        }
        for call in CALLS
    ]  # fmt: skip
    columns = [
        {"name": "age", "role": "feature", "type": "numerical"}, {"name": "city", "role": "feature",
        "type": "categorical"},
        {"name": "prediction", "role": "prediction", "type": "numerical"},
    ]  # fmt: skip
    schema = {"meta_data": {"bento_name": "fraud", "bento_version": "abc123"}, "columns": columns}
    _lines(folder / "fraud" / "data" / "data.1.log", records)
    _lines(folder / "fraud" / "schema" / "schema.1.log", [schema])
    return f"{folder}/*/data/*.log"


def ray_serve(folder: Path) -> str:
    """The access log of a replica, between other lines."""
    records: list[object] = []
    for call in CALLS:
        common = {
            "asctime": call.at.strftime("%Y-%m-%d %H:%M:%S,000"), "levelname": "INFO", "request_id": call.id,
            "route": "/predict", "application": "fraud", "deployment": "Model", "replica": "abc",
            "component_name": "replica", "component_id": "xyz",
        }  # fmt: skip
        records += [
            {**common, "message": f"POST /predict {500 if call.failed else 200} {20 + call.number}.5ms"},
            {**common, "message": "loaded a thing"},
        ]
    _lines(folder / "replica.log", records)
    return f"{folder}/*.log"


def nannyml(folder: Path) -> str:
    """A frame as CSV."""
    lines = ["timestamp,age,city,y_pred_proba,y_pred,y_true"]
    lines += [
        f"{call.at:%Y-%m-%d %H:%M:%S},{call.age},{call.city},{call.score},{int(call.score > 0.5)},{call.number % 2}"
        for call in CALLS
    ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "analysis.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return f"{folder}/*.csv"


def evidently(folder: Path) -> str:
    """A frame as Parquet."""
    records: list[dict[str, object]] = [
        {"id": call.id, "timestamp": call.at, "age": call.age, "city": call.city, "target": call.number % 2,
        "prediction": call.score}
        for call in CALLS
    ]  # fmt: skip
    _parquet(folder / "current.parquet", records)
    return f"{folder}/*.parquet"


def arize(folder: Path) -> str:
    """A frame whose times are seconds."""
    records: list[dict[str, object]] = [
        {
            "prediction_id": call.id, "prediction_ts": int(call.at.timestamp()), "age": call.age, "city": call.city,
            "predicted_label": "fraud" if call.score > 0.5 else "fine", "predicted_score": call.score,
            "actual_label": "fine",
        }
        for call in CALLS
    ]  # fmt: skip
    _parquet(folder / "frame.parquet", records)
    return f"{folder}/*.parquet"


def openinference(folder: Path) -> str:
    """Columns that say what they are."""
    records: list[dict[str, object]] = [
        {
            ":id:": call.id, ":timestamp.seconds:": int(call.at.timestamp()), ":version:": "v5",
            ":feature.float:age": call.age,
            ":feature.str:city": call.city, ":prediction.float.score:fraud": call.score,
            ":prediction.str.label:fraud": "fraud" if call.score > 0.5 else "fine", ":actual.str.label:fraud": "fine",
            ":tag.bool:is_beta": call.number % 2 == 0,
        }
        for call in CALLS
    ]  # fmt: skip
    _parquet(folder / "inferences.parquet", records)
    return f"{folder}/*.parquet"


def otel_genai(folder: Path) -> str:
    """Spans as rows."""
    records: list[dict[str, object]] = [
        {
            "start_time": call.at, "duration_ms": 900.0 + call.number, "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "acme", "gen_ai.request.model": "acme-large",
            "gen_ai.response.model": "acme-large-2026-11",
            "gen_ai.response.id": call.id, "gen_ai.usage.input_tokens": 100 + call.number,
            "gen_ai.usage.output_tokens": 10 + call.number % 7, "error.type": "timeout" if call.failed else None,
        }
        for call in CALLS
    ]  # fmt: skip
    _parquet(folder / "spans.parquet", records)
    return f"{folder}/*.parquet"


SYSTEMS = (
    System("databricks_legacy", databricks_legacy, 60, "7", failures=6, has_latency=True),
    System("databricks_ai_gateway", databricks_ai_gateway, 60, "entity-2", failures=6, has_latency=True),
    System("databricks_unity", databricks_unity, 54, "fraud-8", failures=0, has_latency=True, calls=ANSWERED),
    System("sagemaker", sagemaker, 60, "variant-b", features=("x1", "x2")),
    System("vertex", vertex, 60, "456"),
    System("vertex_legacy", vertex_legacy, 54, "v3", calls=ANSWERED),
    System("kserve", kserve, 54, "canary", calls=ANSWERED),
    System("kserve_json", kserve_json, 54, "canary", has_latency=True, calls=ANSWERED),
    System("seldon", seldon, 54, "default", calls=ANSWERED),
    System("seldon_v2", seldon_v2, 54, "1", has_latency=True, calls=ANSWERED),
    System("bentoml", bentoml, 60, "abc123"),
    System("ray_serve", ray_serve, 60, "Model", failures=6, has_latency=True, features=()),
    System("nannyml", nannyml, 60, "unknown"),
    System("evidently", evidently, 60, "unknown"),
    System("arize", arize, 60, "unknown"),
    System("openinference", openinference, 60, "v5", features=(":feature.float:age", ":feature.str:city")),
    System("otel_genai", otel_genai, 60, "acme-large-2026-11", failures=6, has_latency=True,
           features=("gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens")),
)  # fmt: skip
