"""The service: what it answers to whom, and that it shows whole documents whatever was killed meanwhile."""

import asyncio
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from commands import POSIX, done, finish, start
from growing_run import begin, contents, tomorrow, write
from scenario_files import omnisim_command, refusal

pytestmark = [pytest.mark.usefixtures("without_pages"), pytest.mark.sampled]

pytest.importorskip("starlette", reason="the extra serve is not installed")
pytest.importorskip("uvicorn", reason="the extra serve is not installed")

FIRST = 24


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that was asked for two next days."""
    folder = tmp_path_factory.mktemp("served")
    run_dir = begin(folder, FIRST)
    tomorrow(folder)
    write(folder, FIRST + 1)
    tomorrow(folder)
    return run_dir


class Answered:
    """Status, headers and body that an application answered with."""

    def __init__(self, messages: list[dict[str, Any]]) -> None:
        self.status = messages[0]["status"]
        self.headers = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
        self.body = b"".join(message.get("body", b"") for message in messages[1:])

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(run_dir: Path, path: str, method: str = "GET", **headers: str) -> Answered:
    """Ask the application as a server would: by the protocol itself, without one."""
    from omnisim.tomorrow.service import application

    messages: list[dict[str, Any]] = []
    path, _, query = path.partition("?")

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        messages.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "scheme": "http",
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
    }
    # In a thread of its own: a browser that other tests have opened keeps an event loop running in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, application(run_dir)(scope, receive, send)).result()
    return Answered(messages)


class TestAnswers:
    @pytest.mark.parametrize("kind", ["forecast", "schedules"])
    def test_the_last_document_is_the_file(self, served: Path, kind: str) -> None:
        found = ask(served, f"/{kind}")
        assert (found.status, found.headers["content-type"]) == (200, "application/json")
        assert found.body == (served / "tomorrow" / f"{kind}.json").read_bytes()

    def test_that_of_a_day(self, served: Path) -> None:
        assert ask(served, "/forecast/2021-01-25").json["delivery_day"] == "2021-01-25"
        assert ask(served, "/forecast/2021-01-26").body == ask(served, "/forecast").body
        assert ask(served, "/schedules/2021-01-25").json["delivery_day"] == "2021-01-25"

    def test_the_index(self, served: Path) -> None:
        found = ask(served, "/").json
        assert found["run"] == "growing"
        assert found["delivery_days"] == ["2021-01-25", "2021-01-26"]
        for path in found["documents"]:
            assert ask(served, path).status == 200

    def test_one_customer(self, served: Path) -> None:
        everybody = ask(served, "/schedules").json
        found = ask(served, "/schedules?customer=plants/1").json
        assert found["customers"] == [each for each in everybody["customers"] if each["customer"] == "plants/1"]
        assert len(found["customers"]) == 1
        assert {k: v for k, v in found.items() if k != "customers"} == {
            k: v for k, v in everybody.items() if k != "customers"
        }
        assert ask(served, "/schedules?customer=plants/9").json == {
            "error": "there is no schedule of 'plants/9' on 2021-01-26"
        }

    def test_nothing_new(self, served: Path) -> None:
        tag = ask(served, "/forecast").headers["etag"]
        again = ask(served, "/forecast", if_none_match=tag)
        assert (again.status, again.body) == (304, b"")
        assert ask(served, "/forecast/2021-01-25", if_none_match=tag).status == 200

    @pytest.mark.parametrize(
        "path", ["/forecast/2021-01-27", "/schedules/2021-01-27", "/forecast/' OR 1=1 --", "/forecast/../manifest.json"]
    )
    def test_a_day_there_is_none_of(self, served: Path, path: str) -> None:
        found = ask(served, path)
        assert found.status == 404
        assert set(found.json) == {"error"}
        if ".." not in path:
            assert found.json["error"].endswith("; delivery days: 2021-01-25 to 2021-01-26")

    @pytest.mark.parametrize("path", ["/manifest.json", "/nowhere", "/forecast/a/b"])
    def test_what_there_is_not(self, served: Path, path: str) -> None:
        assert ask(served, path).status == 404

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
    @pytest.mark.parametrize("path", ["/", "/forecast", "/schedules/2021-01-25"])
    def test_nobody_changes_anything(self, served: Path, method: str, path: str) -> None:
        before = contents(served)
        assert ask(served, path, method).status == 405
        assert contents(served) == before

    def test_reading_changes_nothing(self, served: Path) -> None:
        before = contents(served)
        for path in ("/", "/forecast", "/schedules", "/nowhere"):
            assert ask(served, path, "HEAD").headers == ask(served, path).headers
        assert contents(served) == before

    def test_before_the_first_day(self, tmp_path: Path) -> None:
        run_dir = begin(tmp_path, FIRST)
        assert ask(run_dir, "/").json["delivery_days"] == []
        found = ask(run_dir, "/forecast")
        assert found.status == 404
        assert found.json == {"error": "there is no forecast; delivery days: none yet, ask omnisim tomorrow for one"}

    @pytest.mark.parametrize("content", [b"", b"what is this", b"SQLite format 3\0" + bytes(200)])
    def test_a_damaged_store(self, served: Path, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "manifest.json").write_bytes((served / "manifest.json").read_bytes())
        (tmp_path / "documents.sqlite").write_bytes(content)
        found = ask(tmp_path, "/forecast")
        assert found.status == (503 if content else 404)
        assert set(found.json) == {"error"}

    def test_the_store_of_another_program(self, served: Path, tmp_path: Path) -> None:
        (tmp_path / "manifest.json").write_bytes((served / "manifest.json").read_bytes())
        with sqlite3.connect(tmp_path / "documents.sqlite") as connection:
            connection.execute("CREATE TABLE documents (day TEXT)")
        connection.close()
        assert "is not a store of documents" in ask(tmp_path, "/forecast").json["error"]


HALF_WRITTEN = """
import os, signal, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 1")  # so that pages are in the file before the transaction is over
connection.execute("BEGIN IMMEDIATE")
connection.execute("UPDATE documents SET content = 'half'")
for day in range(300):
    connection.execute("INSERT INTO documents VALUES (?, 'forecast', ?)", (f"3000-{day}", "x" * 5000))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(not POSIX, reason="signals of POSIX")
def test_what_a_killed_writer_left_half_done_is_undone(served: Path, tmp_path: Path) -> None:
    """Its journal is hot: whoever reads next has to play it back."""
    for name in ("manifest.json", "documents.sqlite"):
        (tmp_path / name).write_bytes((served / name).read_bytes())
    store = tmp_path / "documents.sqlite"
    killed = subprocess.run([sys.executable, "-c", HALF_WRITTEN, str(store)], check=False)  # noqa: S603 (this interpreter)
    assert killed.returncode == -signal.SIGKILL
    assert (tmp_path / "documents.sqlite-journal").stat().st_size > 0
    assert store.stat().st_size > 2 * (served / "documents.sqlite").stat().st_size, "nothing was half written"
    assert ask(tmp_path, "/forecast").body == (served / "tomorrow" / "forecast.json").read_bytes()
    assert ask(tmp_path, "/").json["delivery_days"] == ["2021-01-25", "2021-01-26"]


@pytest.fixture
def address(served: Path) -> Iterator[str]:
    """Of the command as a process of its own."""
    command = start("serve", served, "--port", 0)
    assert command.stdout is not None
    try:
        line = command.stdout.readline()
        found = re.fullmatch(rf"(http://127\.0\.0\.1:\d+) shows {re.escape(str(served))}; Ctrl-C ends it\n", line)
        assert found, (line, command.poll())
        yield found[1]
    finally:
        if command.poll() is None:
            command.send_signal(signal.SIGINT if os.name == "nt" else signal.SIGTERM)
        code, _, complaint = finish(command)
    if POSIX:
        assert (code, complaint) == (143, f"omnisim: interrupted by SIGTERM; {served} is no longer served\n")


@pytest.mark.whole
def test_the_command(served: Path, address: str) -> None:
    with urllib.request.urlopen(f"{address}/forecast") as answer:  # noqa: S310 (its own address)
        assert answer.read() == (served / "tomorrow" / "forecast.json").read_bytes()
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{address}/forecast", data=b"{}")  # noqa: S310 (as above)
    assert refused.value.code == 405
    refused.value.close()
    port = address.rpartition(":")[2]
    assert refusal("serve", served, "--port", port).startswith(f"http://127.0.0.1:{port}: cannot be used: ")


@pytest.mark.whole
def test_commands_that_cannot_be(tmp_path: Path, served: Path) -> None:
    assert "is not a run directory" in refusal("serve", tmp_path)
    assert "cannot be used" in refusal("serve", served, "--host", "256.1.1.1")
    assert omnisim_command("serve", served, "--port", 70000).code == 2
    code, out, complaint = done("serve", served, before="import sys; sys.modules['starlette.applications'] = None")
    assert (code, out) == (1, "")
    assert complaint.endswith(": pip install 'omnisim-lab[serve]'\n")
