"""The process in which trials of pasted configurations run; `trials` starts it.

Reads requests and writes answers, each with its length in front. It has no secret in its
environment, and ends with whoever started it, by itself when it needs too much.
"""

import contextlib
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import orjson

from app.desk.refusals import Invalid
from app.desk.tried import CaseAsked, TryAsked, call_of, revision_of, tried
from app.desk.tried_case import case_shown
from app.kit.errors import BridgeError

LENGTH_BYTES = 4
_CPU_S = 6
_MEMORY_BYTES = 768 * 1024**2
_LARGEST_ANSWER = 8 * 1024**2


def answer(request: bytes) -> bytes:
    """Says itself what is wrong with what it is given."""
    given = orjson.loads(request)
    try:
        found = _done(given["what"], given["asked"], datetime.fromisoformat(given["now"]))
    except BridgeError as error:
        more = getattr(error, "more", {})
        return orjson.dumps({"why": str(error), "more": more})
    if len(found) > _LARGEST_ANSWER:
        return orjson.dumps({"why": "what would be sent is too large to be shown", "more": {}})
    return orjson.dumps({"found": orjson.Fragment(found)})


def _done(what: str, given: object, now: datetime) -> bytes:
    asked = (CaseAsked if what == "case" else TryAsked).model_validate(given)
    call = call_of(asked, now)
    if isinstance(asked, CaseAsked):
        return case_shown(asked, call).model_dump_json().encode()
    if asked.configuration is None:
        raise Invalid("configuration: is missing")
    return tried(revision_of(asked.configuration), call).model_dump_json().encode()


def _limit_itself() -> None:
    with contextlib.suppress(OSError):
        # Where memory is short it is this process that goes.
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    if sys.platform != "win32":
        import resource

        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))


def _limit_next() -> None:
    """The time of one request: the processor's own limit is one for the whole process."""
    if sys.platform != "win32":
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        soft = int(used.ru_utime + used.ru_stime) + _CPU_S
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def _serve(requests: BinaryIO, answers: BinaryIO) -> None:
    _write(answers, b"")  # ready
    while len(length := requests.read(LENGTH_BYTES)) == LENGTH_BYTES:
        _limit_next()
        _write(answers, answer(requests.read(int.from_bytes(length))))


def _write(answers: BinaryIO, text: bytes) -> None:
    answers.write(len(text).to_bytes(LENGTH_BYTES) + text)
    answers.flush()


if __name__ == "__main__":
    _limit_itself()
    with os.fdopen(os.dup(1), "wb") as out:
        # Whatever a library prints is no answer.
        os.dup2(2, 1)
        _serve(sys.stdin.buffer, out)
