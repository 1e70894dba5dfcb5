"""The backup of the docs, taken from a running bridge, and the way back from it."""

import subprocess
import time
from pathlib import Path

import httpx

from tests.deploy.programs import program
from tests.support.commands import bridge
from tests.support.processes import BEARER, Pair, a_pair


def test_what_was_sent_since_the_backup_is_not_sent_again_before_somebody_has_looked(
    tmp_path: Path,
) -> None:
    ways = {".backup '{}'": tmp_path / "copy.db", "VACUUM INTO '{}'": tmp_path / "small.db"}
    with a_pair(tmp_path) as pair:
        pair.sandbox.kill()
        call(pair, "before")
        for way, copy in ways.items():
            sql(pair.store, way.format(copy))
        pair.sandbox.start()
        started_one(pair)
        pair.bridge.stop()

        for path in tmp_path.glob("bridge.db*"):
            path.unlink()
        (tmp_path / "copy.db").rename(pair.store)
        environ = pair.bridge.environ
        upgraded = bridge("db", "upgrade", environ=environ)
        paused = bridge("pause", "destination", "main", environ=environ)
        pair.bridge.start()
        call(pair, "after")
        waiting = bridge("deliveries", "list", "--state", "pending", "--json", environ=environ)
        since = len(pair.received())

    assert (upgraded.status, paused.status) == (0, 0), upgraded.err + paused.err
    assert len(waiting.json) == 2, waiting.out
    assert since == 1
    assert sql(tmp_path / "small.db", "PRAGMA integrity_check") == "ok"


def call(pair: Pair, person: str) -> None:
    answer = httpx.post(
        f"{pair.bridge.url}/hooks/forms", json={"crm_id": person}, headers=BEARER, trust_env=False
    )
    assert answer.status_code == 202, answer.text


def sql(store: Path, command: str) -> str:
    done = subprocess.run(
        [program("sqlite3"), store, command], check=True, timeout=30, capture_output=True, text=True
    )
    return done.stdout.strip()


def started_one(pair: Pair) -> None:
    end = time.monotonic() + 30
    while not pair.received():
        assert time.monotonic() < end, pair.bridge.log.read_text()
