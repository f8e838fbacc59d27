"""Spans for OpenTelemetry: one per connect, and one below it for each upstream request.

The spans are made by hand with the plain API. The instrumentation libraries for aiohttp patch
classes for the whole process, put query strings of callers into spans, and send `traceparent` to
every host that is called, also to an upstream that has no use for our ids.

Attributes are chosen one by one: no header, body, query string or message of an error. Whether to
trace is decided here; the SDK reads everything else from the process's environment.
"""

import asyncio
import logging
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import aiohttp

from gateway.telemetry.record import RequestRecord

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

SERVICE = "runway-gateway"
FLUSH_S = 5.0

_log = logging.getLogger("gateway")
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_HEADERS = ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS")


class Tracing:
    """Makes the spans of one gateway.

    Args:
        provider: where spans go; it is shut down with this.
        flush_s: how long `shutdown` may take.
    """

    def __init__(self, provider: "TracerProvider", *, flush_s: float = FLUSH_S) -> None:
        self._provider = provider
        self._flush_s = flush_s
        self._tracer = provider.get_tracer("gateway")

    @contextmanager
    def connect(self, record: RequestRecord) -> Iterator[None]:
        """Record what happens in the block as the span of `record`.

        On entry the record takes over the span's ids, so that log lines can be found by them. On
        exit the span gets what the record holds by then.
        """
        from opentelemetry.trace import SpanKind, use_span
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        caller, parent = record.identity, None
        if caller.parent_id:  # else the parent is the current span, if there is one
            traceparent = f"00-{caller.trace_id}-{caller.parent_id}-{int(caller.sampled):02x}"
            parent = TraceContextTextMapPropagator().extract({"traceparent": traceparent})
        span = self._tracer.start_span("connect", context=parent, kind=SpanKind.SERVER)
        ids = span.get_span_context()
        if ids.is_valid:  # else the SDK is switched off
            record.identity = replace(
                record.identity,
                trace_id=f"{ids.trace_id:032x}",
                span_id=f"{ids.span_id:016x}",
                sampled=ids.trace_flags.sampled,
            )
        with use_span(
            span, end_on_exit=True, record_exception=False, set_status_on_exception=False
        ):
            try:
                yield
            finally:
                attributes: dict[str, str | int] = {
                    "http.response.status_code": record.status,
                    "gateway.code": record.code,
                    "gateway.request_id": record.identity.request_id,
                    "gateway.avatar": record.avatar,
                    "gateway.session_id": record.session_id,
                }
                span.set_attributes({name: value for name, value in attributes.items() if value})
                _mark(span, failed=record.status >= 500, why=record.code)

    def client_tracing(self) -> aiohttp.TraceConfig:
        """Return what makes an upstream's HTTP session record its requests.

        A request's span has the name that the request was given as `trace_request_ctx`, its method
        if there is none.
        """
        config = aiohttp.TraceConfig()
        config.on_request_start.append(self._start)
        config.on_request_end.append(_end)
        config.on_request_exception.append(_fail)
        return config

    async def shutdown(self) -> None:
        """Send what is left, for a bounded time, and end the threads behind it."""
        loop, done = asyncio.get_running_loop(), asyncio.Event()

        def flush() -> None:
            self._provider.shutdown()
            with suppress(RuntimeError):  # the loop is closed, and with it the wait
                loop.call_soon_threadsafe(done.set)

        # a daemon: neither the loop nor the interpreter waits for an exporter that hangs
        threading.Thread(target=flush, name="gateway-spans", daemon=True).start()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._flush_s):
                await done.wait()

    async def _start(
        self, _session: object, context: Any, request: aiohttp.TraceRequestStartParams
    ) -> None:
        from opentelemetry.trace import SpanKind

        name = context.trace_request_ctx
        context.span = self._tracer.start_span(
            name if isinstance(name, str) else request.method,
            kind=SpanKind.CLIENT,
            attributes={
                "http.request.method": request.method,
                "server.address": request.url.host or "",
                "server.port": request.url.port or 0,
                "url.full": str(request.url.with_query(None).with_fragment(None).with_user(None)),
            },
        )


async def _end(_session: object, context: Any, end: aiohttp.TraceRequestEndParams) -> None:
    status = end.response.status
    context.span.set_attribute("http.response.status_code", status)
    _mark(context.span, failed=status >= 400, why=str(status))
    context.span.end()


async def _fail(_session: object, context: Any, end: aiohttp.TraceRequestExceptionParams) -> None:
    # the type only: what an error says is not known to be harmless
    _mark(context.span, failed=True, why=type(end.exception).__name__)
    context.span.end()


def _mark(span: Any, *, failed: bool, why: str) -> None:
    from opentelemetry.trace import Status, StatusCode

    if failed:
        span.set_attribute("error.type", why)
        span.set_status(Status(StatusCode.ERROR))


def tracing(environment: Mapping[str, str]) -> Tracing | None:
    """Return what makes spans, if the standard variables of OpenTelemetry ask for it.

    They do if OTEL_TRACES_EXPORTER is `otlp` or `console` (or both), or it is not set and an OTLP
    endpoint is. A gateway that cannot trace still serves, with a warning.
    """
    exporters = requested_exporters(environment)
    if not exporters:
        return None
    try:
        return Tracing(_provider(exporters))
    except ImportError:
        _log.warning(
            "traces need their extra: pip install -c constraints.txt '.[otel]' in the checkout"
        )
    except Exception as error:  # a variable that the SDK cannot read; its text may be a secret
        _log.warning("traces are asked for, but cannot be set up: %s", type(error).__name__)
    return None


def requested_exporters(environment: Mapping[str, str]) -> Sequence[str]:
    """Return the exporters that the variables name: `otlp`, `console`, both or none."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return ()
    default = "otlp" if any(environment.get(name) for name in _ENDPOINTS) else ""
    text = environment.get("OTEL_TRACES_EXPORTER") or default
    names = dict.fromkeys(name.strip().lower() for name in text.split(","))
    protocol = next(filter(None, map(environment.get, _PROTOCOLS)), "http/protobuf")
    known = ["console"] if "console" in names else []
    if "otlp" in names and protocol == "http/protobuf":
        known.append("otlp")
    if names.keys() - {"", "none", *known}:
        _log.warning("traces go by OTLP over http/protobuf, or to the console; nowhere else")
    return known


def secret_headers(environment: Mapping[str, str]) -> list[str]:
    """Return the values of the headers that spans are sent with: keys, more often than not."""
    pairs = [pair for name in _HEADERS for pair in environment.get(name, "").split(",")]
    values = [pair.partition("=")[2].strip() for pair in pairs]
    return sorted({form for value in values for form in (value, unquote(value)) if form})


def _provider(exporters: Sequence[str]) -> "TracerProvider":
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter

    resource = Resource.create()
    if str(resource.attributes.get("service.name", "")).startswith("unknown_service"):
        resource = resource.merge(Resource({"service.name": SERVICE}))
    # not at exit: that would wait for an exporter that hangs; `shutdown` is ours to call
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    for name in exporters:
        if name == "console":
            exporter: SpanExporter = ConsoleSpanExporter(out=sys.stdout)
        else:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

            exporter = OTLPSpanExporter()
        provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider
