"""A small HTTP service that shows the documents of a run to those who ask by machine; nobody can change anything by it.

.. code-block:: text

    GET /                    the run, its delivery days, and the addresses below
    GET /forecast            the forecast of the last day there is one for; /forecast/2022-07-01 of that day
    GET /schedules           likewise, what every customer does; ?customer=buyers/3 of that one alone

Answers are JSON. They carry an ``ETag``, so that who asks again with ``If-None-Match`` is told 304 where nothing has
changed. What there is not is answered with 404, anything but GET and HEAD with 405, a store that cannot be read with
503; ``{"error": ...}`` says why.
"""

import hashlib
import json
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from omnisim import run_directory
from omnisim.errors import OmnisimError, OutputError
from omnisim.tomorrow import store
from omnisim.tomorrow.documents import FORECAST, SCHEDULES


def application(run_dir: Path) -> Starlette:
    """The service of the run in a folder, as an ASGI application.

    Every request reads the store anew: what ``omnisim tomorrow`` writes meanwhile is shown from then on.
    """

    def index(_: Request) -> Mapping[str, Any]:
        manifest = run_directory.read_manifest(run_dir)
        return {
            "run": manifest["scenario"],
            "seed": manifest["seed"],
            "delivery_days": store.days(run_dir),
            "documents": [f"/{kind}" for kind in (FORECAST, SCHEDULES)],
        }

    def document(request: Request) -> str | Mapping[str, Any]:
        kind, day = request.url.path.split("/")[1], request.path_params.get("day")
        text = store.get(run_dir, kind, day)
        if text is None:
            when = f" of {day}" if day else ""
            raise HTTPException(404, f"there is no {kind}{when}; delivery days: {_listed(store.days(run_dir))}")
        customer = request.query_params.get("customer") if kind == SCHEDULES else None
        return text if customer is None else _of_customer(json.loads(text), customer)

    return Starlette(
        routes=[
            Route("/", _answering(index)),
            *(Route(f"/{kind}{day}", _answering(document)) for kind in (FORECAST, SCHEDULES) for day in ("", "/{day}")),
        ],
        exception_handlers={HTTPException: _refused, OmnisimError: _unavailable},
    )


def serve(run_dir: Path, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve until the process is asked to end.

    Parameters
    ----------
    ready
        Called with the address once it answers.

    Raises
    ------
    OutputError
        If the address cannot be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as cause:
        raise OutputError(
            f"http://{host}:{port}: cannot be used: {getattr(cause, 'strerror', None) or cause}"
        ) from cause
    shown = f"[{host}]" if family == socket.AF_INET6 else host
    with listening:
        ready(f"http://{shown}:{listening.getsockname()[1]}")
        config = uvicorn.Config(application(run_dir), log_level="warning", access_log=False, server_header=False)
        uvicorn.Server(config).run(sockets=[listening])


def _answering(found: Callable[[Request], str | Mapping[str, Any]]) -> Callable[[Request], Response]:
    """An endpoint that answers with what is found: JSON, or a text that is JSON already."""

    def answer(request: Request) -> Response:
        content = found(request)
        body = (content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)).encode("utf-8")
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = {"ETag": tag, "Cache-Control": "no-cache"}
        if tag in (each.strip() for each in request.headers.get("if-none-match", "").split(",")):
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="application/json", headers=headers)

    return answer


def _of_customer(schedules: dict[str, Any], customer: str) -> dict[str, Any]:
    own = [each for each in schedules["customers"] if each["customer"] == customer]
    if not own:
        raise HTTPException(404, f"there is no schedule of {customer!r} on {schedules['delivery_day']}")
    return schedules | {"customers": own}


def _listed(days: list[str]) -> str:
    return f"{days[0]} to {days[-1]}" if days else "none yet, ask omnisim tomorrow for one"


def _refused(_: Request, cause: Exception) -> Response:
    assert isinstance(cause, HTTPException)  # noqa: S101 (of which it is the handler)
    return _error(cause.status_code, str(cause.detail), cause.headers)


def _unavailable(_: Request, cause: Exception) -> Response:
    return _error(503, str(cause), None)


def _error(code: int, why: str, headers: Mapping[str, str] | None) -> Response:
    body = json.dumps({"error": why}, ensure_ascii=False)
    return Response(body, code, headers=dict(headers or {}), media_type="application/json")
