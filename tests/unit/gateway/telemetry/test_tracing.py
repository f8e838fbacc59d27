"""Spans: their parents, their attributes, and that no caller waits for them."""

import asyncio
import logging
import sys
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from gateway.telemetry.record import Identity, RequestRecord
from gateway.telemetry.tracing import Tracing, requested_exporters, secret_headers, tracing
from tests.support.processes import PATIENCE_S
from tests.support.simulation import simulate

pytest.importorskip("opentelemetry.sdk.trace", reason="the extra otel is not installed")

from opentelemetry import trace as global_api
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    SimpleSpanProcessor,
    SpanExporter,
    SpanExportResult,
)
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
FRESH = Identity("req-1", "1" * 32, "2" * 16)
CONTINUED = Identity("req-1", TRACE, "2" * 16, PARENT, sampled=True)
SECRET, KEY = "key_hush-hush", "stk_hush-hush"
URL = "http://127.0.0.1:4010/v1/realtime_sessions/id-1"


def a_tracing() -> tuple[Tracing, InMemorySpanExporter]:
    """Return tracing whose spans are kept in memory."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return Tracing(provider), exporter


def as_text(span: ReadableSpan) -> str:
    """Return the content of a span as text."""
    text: str = span.to_json()
    return text


@asynccontextmanager
async def upstream(
    tracer: Tracing, seen: list[Mapping[str, str]]
) -> AsyncIterator[aiohttp.ClientSession]:
    """Serve an upstream that breaks consume and refuses cancel; give a session that records."""

    async def answer(request: web.Request) -> web.Response:
        seen.append(request.headers)
        if request.path.endswith("consume") and request.transport is not None:
            request.transport.abort()
        return web.json_response(
            {"sessionKey": KEY}, status=500 if request.method == "DELETE" else 200
        )

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 4010).start()
    async with aiohttp.ClientSession(trace_configs=[tracer.client_tracing()]) as http:
        yield http
    await runner.cleanup()


async def a_connect(tracer: Tracing, record: RequestRecord) -> list[Mapping[str, str]]:
    """Play a connect that fails; return the headers that its upstream saw."""
    seen: list[Mapping[str, str]] = []

    async def request(http: aiohttp.ClientSession, method: str, name: str, path: str = "") -> None:
        headers = {"Authorization": f"Bearer {SECRET}"}
        url = f"{URL}{path}?hush-hush"
        async with http.request(
            method, url, headers=headers, data=KEY, trace_request_ctx=name
        ) as got:
            await got.read()

    async with upstream(tracer, seen) as http:
        with tracer.connect(record):
            await asyncio.ensure_future(request(http, "GET", "retrieve"))  # as create: a task
            with pytest.raises(aiohttp.ServerDisconnectedError):
                await request(http, "POST", "consume", "/consume")
            cancelling = asyncio.create_task(request(http, "DELETE", "cancel"))
            record.code, record.status = "upstream_error", 502
            record.avatar, record.session_id = "preset", "id-1"
        await cancelling  # after the answer
    return seen


def test_requests_are_children_of_their_connect() -> None:
    """Each upstream request is a span below the connect's, also in tasks and after the answer."""
    tracer, exporter = a_tracing()
    record = RequestRecord(FRESH)
    simulate(a_connect(tracer, record))
    spans = {span.name: span for span in exporter.get_finished_spans()}
    root = spans["connect"].context

    assert set(spans) == {"connect", "retrieve", "consume", "cancel"}
    assert spans["connect"].parent is None
    assert spans["connect"].kind is SpanKind.SERVER
    assert root is not None
    for name in ("retrieve", "consume", "cancel"):
        parent = spans[name].parent
        assert parent is not None
        assert parent.span_id == root.span_id
        assert spans[name].kind is SpanKind.CLIENT


def test_spans_have_the_outcome() -> None:
    """Outcome, session and statuses are attributes; failed spans are marked."""
    tracer, exporter = a_tracing()
    simulate(a_connect(tracer, RequestRecord(FRESH)))
    spans = {span.name: span for span in exporter.get_finished_spans()}

    assert dict(spans["connect"].attributes or {}) == {
        "http.response.status_code": 502,
        "gateway.code": "upstream_error",
        "gateway.request_id": "req-1",
        "gateway.avatar": "preset",
        "gateway.session_id": "id-1",
        "error.type": "upstream_error",
    }
    assert dict(spans["retrieve"].attributes or {}) == {
        "http.request.method": "GET",
        "server.address": "127.0.0.1",
        "server.port": 4010,
        "url.full": URL,
        "http.response.status_code": 200,
    }
    assert (spans["consume"].attributes or {})["error.type"] == "ServerDisconnectedError"
    assert (spans["cancel"].attributes or {})["error.type"] == "500"
    failed = {name for name, span in spans.items() if span.status.status_code is StatusCode.ERROR}
    assert failed == {"connect", "consume", "cancel"}


def test_no_secret_is_in_a_span_and_no_trace_goes_upstream() -> None:
    """Headers, bodies and query strings are not captured; a third party learns no ids of ours."""
    tracer, exporter = a_tracing()
    seen = simulate(a_connect(tracer, RequestRecord(CONTINUED)))

    assert len(exporter.get_finished_spans()) == 4
    assert "hush" not in "".join(map(as_text, exporter.get_finished_spans()))
    assert len(seen) == 3
    assert not any({"traceparent", "tracestate", "baggage"} & {*headers} for headers in seen)


def test_an_incoming_trace_is_continued_below_its_caller() -> None:
    """The connect's span has the caller's trace and parent; log lines get the span's own id."""
    tracer, exporter = a_tracing()
    record = RequestRecord(CONTINUED)
    with tracer.connect(record):
        inside = record.identity
    (span,) = exporter.get_finished_spans()

    assert span.context is not None
    assert span.parent is not None
    assert f"{span.context.trace_id:032x}" == inside.trace_id == TRACE
    assert f"{span.parent.span_id:016x}" == inside.parent_id == PARENT
    assert f"{span.context.span_id:016x}" == inside.span_id
    assert inside.sampled


def test_a_new_trace_has_the_ids_that_the_log_has() -> None:
    """Without a caller's trace, the span's ids replace the drawn ones."""
    tracer, exporter = a_tracing()
    record = RequestRecord(FRESH)
    with tracer.connect(record):
        pass
    (span,) = exporter.get_finished_spans()

    assert span.context is not None
    assert f"{span.context.trace_id:032x}" == record.identity.trace_id != FRESH.trace_id
    assert record.identity.request_id == "req-1"


def test_a_caller_who_does_not_record_is_followed() -> None:
    """An unsampled trace stays unsampled, and keeps its id in the log."""
    tracer, exporter = a_tracing()
    record = RequestRecord(Identity("req-1", TRACE, "2" * 16, PARENT, sampled=False))
    with tracer.connect(record):
        pass

    assert exporter.get_finished_spans() == ()
    assert record.identity.trace_id == TRACE
    assert not record.identity.sampled


def test_an_error_ends_the_span_and_passes_without_its_text() -> None:
    """Every exception goes on, a cancellation included; its message is not recorded."""
    tracer, exporter = a_tracing()
    for error in (ValueError("hush-hush"), asyncio.CancelledError("hush-hush")):
        with pytest.raises(type(error)), tracer.connect(RequestRecord(FRESH)):
            raise error

    assert len(exporter.get_finished_spans()) == 2
    assert "hush" not in "".join(map(as_text, exporter.get_finished_spans()))


class Stuck(SpanExporter):
    """Its collector is down: the first export fails, the next one hangs."""

    def __init__(self) -> None:
        self.tried = 0
        self.reached = threading.Event()
        self.released = threading.Event()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Fail, then hang."""
        self.tried += 1
        if self.tried == 1:
            raise ConnectionError("nobody listens")
        self.reached.set()
        self.released.wait(2 * PATIENCE_S)
        return SpanExportResult.FAILURE


async def test_an_exporter_that_is_down_disturbs_no_caller(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Connects go on while spans are stuck, and the shutdown waits for a bounded time only."""
    stuck = Stuck()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(stuck, max_export_batch_size=1))
    tracer = Tracing(provider, flush_s=0.05)
    for _ in range(50):
        with tracer.connect(RequestRecord(FRESH)):
            pass
    assert await asyncio.to_thread(stuck.reached.wait, PATIENCE_S)
    await asyncio.wait_for(tracer.shutdown(), PATIENCE_S)

    assert not stuck.released.is_set()
    stuck.released.set()
    assert "Exception while exporting" in caplog.text


async def test_a_shutdown_sends_the_remaining_spans() -> None:
    """Spans that still wait for their batch are exported."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = Tracing(provider)
    with tracer.connect(RequestRecord(FRESH)):
        pass
    assert exporter.get_finished_spans() == ()
    await tracer.shutdown()

    assert [span.name for span in exporter.get_finished_spans()] == ["connect"]


# When there is tracing

HERE = "http://127.0.0.1:4318"


@pytest.mark.parametrize(
    ("environment", "exporters"),
    [
        ({}, []),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": HERE}, ["otlp"]),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": HERE}, ["otlp"]),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, []),
        ({"OTEL_TRACES_EXPORTER": "console"}, ["console"]),
        ({"OTEL_TRACES_EXPORTER": "otlp, console"}, ["console", "otlp"]),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": HERE}, []),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_SDK_DISABLED": "True"}, []),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_SDK_DISABLED": "no"}, ["otlp"]),
        ({"OTEL_SERVICE_NAME": "mine"}, []),
    ],
)
def test_the_standard_variables_ask_for_tracing(
    environment: dict[str, str], exporters: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """An endpoint or an exporter does, unless tracing is switched off; nothing is warned about."""
    assert list(requested_exporters(environment)) == exporters
    assert caplog.records == []


@pytest.mark.parametrize(
    "environment",
    [
        {"OTEL_TRACES_EXPORTER": "zipkin"},
        {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
    ],
)
def test_an_unsupported_exporter_is_named(
    environment: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """Other exporters and protocols are warned about, and the gateway goes on without."""
    assert tracing(environment) is None
    assert "http/protobuf" in caplog.text


def test_a_missing_package_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Without the extra a warning names what to install, and the gateway serves."""
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)

    assert tracing({"OTEL_TRACES_EXPORTER": "console"}) is None
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "pip install -c constraints.txt '.[otel]'" in caplog.text


def test_a_variable_that_the_sdk_cannot_read_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The gateway is served without tracing."""
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1000000")  # more than the queue holds

    assert tracing({"OTEL_TRACES_EXPORTER": "console"}) is None
    assert "cannot be set up: ValueError" in caplog.text


@pytest.mark.parametrize(("name", "expected"), [(None, "runway-gateway"), ("mine", "mine")])
async def test_spans_go_to_the_console_under_the_name_of_the_service(
    name: str | None,
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The variables of the SDK count, and the process's own provider is left alone."""
    if name:
        monkeypatch.setenv("OTEL_SERVICE_NAME", name)
    before = global_api.get_tracer_provider()
    tracer = tracing({"OTEL_TRACES_EXPORTER": "console"})
    assert tracer is not None
    with tracer.connect(RequestRecord(FRESH)):
        pass
    await tracer.shutdown()

    assert f'"service.name": "{expected}"' in capsys.readouterr().out
    assert global_api.get_tracer_provider() is before


def test_the_keys_of_a_collector_are_secrets() -> None:
    """The values of the exporter's headers are found, as they are sent and as they are written."""
    environment = {
        "OTEL_EXPORTER_OTLP_HEADERS": "api-key=a%20b, x=c",
        "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "y==d",
    }

    assert secret_headers(environment) == ["=d", "a b", "a%20b", "c"]
    assert secret_headers({}) == []
