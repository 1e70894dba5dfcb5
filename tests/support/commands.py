"""The `bridge` command, run as a process."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from tests.support.forked import Forked

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Ran:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return orjson.loads(self.out)


def bridge(
    *arguments: str | Path, environ: Mapping[str, str] | None = None, stdin: str = ""
) -> Ran:
    """Never a traceback, whatever the arguments."""
    with tempfile.TemporaryDirectory() as name:
        out, err, given = (Path(name) / one for one in ("out", "err", "in"))
        given.write_text(stdin, encoding="utf-8")
        process = Forked(
            [*map(str, arguments)],
            {**os.environ, "COLUMNS": "200", **(environ or {})},  # noqa: TID251 - of the child
            folder=ROOT,
            out=out,
            err=err,
            given=given,
        )
        try:
            status = process.wait(60)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            raise
        ran = Ran(status, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8"))
    assert "Traceback" not in ran.err, ran.err
    return ran
