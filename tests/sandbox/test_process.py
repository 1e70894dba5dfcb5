"""`bridge sandbox` as a process, on the loop that it has in earnest."""

from pathlib import Path

import httpx
import orjson
import pytest

from tests.sandbox.conftest import START
from tests.support.sandbox import a_sandbox_process
from tests.support.sandboxes import TOKEN


def test_a_killed_sandbox_leaves_a_true_journal_and_cuts_are_real(tmp_path: Path) -> None:
    with a_sandbox_process(tmp_path) as process:
        with httpx.Client(base_url=process.url, trust_env=False, timeout=10) as http:
            for number, fault in enumerate(("cut_after_reading", "cut_in_reply", "refuse")):
                http.put("/_sandbox/faults", json=[{"kind": fault}])
                with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
                    http.post(START, json={"token": TOKEN, "id": 3, "email": f"{number}@x.example"})
            http.delete("/_sandbox/faults")
            answer = http.post(START, json={"token": TOKEN, "id": 3, "email": "9@x.example"})
        process.kill()
        with pytest.raises(httpx.ConnectError):
            httpx.get(process.url, trust_env=False)

    lines = (tmp_path / "journal.jsonl").read_bytes().splitlines()
    entries = [orjson.loads(line) for line in lines]
    assert answer.json()["error"] == 0
    assert [(entry["fault"], entry["started"]) for entry in entries] == [
        ("cut_after_reading", True),
        ("cut_in_reply", True),
        ("refuse", False),
        (None, True),
    ]
    assert "Traceback" not in process.log.read_text()


def test_it_stops_when_told_to(tmp_path: Path) -> None:
    with a_sandbox_process(tmp_path) as process:
        assert process.stop() == 0

    assert f"sandbox at {process.url}" in process.log.read_text()
