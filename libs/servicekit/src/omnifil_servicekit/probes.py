"""`/health/live`, `/health/ready` and `/metrics`."""

from dataclasses import asdict

from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, disable_created_metrics, generate_latest

from .health import Health
from .web import OWN_TELEMETRY


def add(app: FastAPI, health: Health) -> None:
    """Put the probes before every route of the app, so that none of its wildcards hides them."""

    # One more series beside each counter, which nobody asks for.
    disable_created_metrics()  # type: ignore[no-untyped-call]  # the client's own types stop here

    async def live() -> JSONResponse:
        return JSONResponse({"status": "live"})

    async def ready() -> JSONResponse:
        report = await health.report()
        checks = {name: asdict(result) for name, result in report.checks.items()}
        document = {"status": "ready" if report.ready else "not ready", "checks": checks}
        return JSONResponse(document, 200 if report.ready else 503, headers={"Cache-Control": "no-store"})

    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    probes = FastAPI(openapi_url=None, telemetry=OWN_TELEMETRY)
    probes.get("/health/live")(live)
    probes.get("/health/ready")(ready)
    probes.get("/metrics")(metrics)
    ours = [route for route in probes.router.routes]
    app.router.routes[:0] = ours
