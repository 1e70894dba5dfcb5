"""Where lines of the log go, and what happens when they can't."""

import io
import logging
import os
from collections.abc import Callable, Iterator

import orjson
import pytest
import structlog

from app.kit.log_choice import LogFormat, LogLevel
from app.observe.logs import configure_logs


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    structlog.configure(**before)
    root.handlers, root.level = handlers, level


def a_full_disk() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.FileIO("/dev/full", "w"), write_through=True)


def a_closed_pipe() -> io.TextIOWrapper:
    reading, writing = os.pipe()
    os.close(reading)
    return io.TextIOWrapper(io.FileIO(writing, "w"), write_through=True)


def say_something() -> None:
    structlog.get_logger().info("call.accepted", source="crm")
    logging.getLogger("uvicorn.error").warning("of a library")


def test_what_we_and_what_libraries_say_has_one_shape() -> None:
    stream = io.StringIO()
    configure_logs(LogFormat.AUTO, LogLevel.INFO, to=stream)

    say_something()

    ours, theirs = map(orjson.loads, stream.getvalue().splitlines())
    assert (ours["event"], ours["source"], ours["level"]) == ("call.accepted", "crm", "info")
    assert (theirs["event"], theirs["level"]) == ("of a library", "warning")


@pytest.mark.parametrize("where", [a_full_disk, a_closed_pipe])
def test_a_line_that_cannot_be_written_is_lost_and_nothing_else(
    where: Callable[[], io.TextIOWrapper],
) -> None:
    with where() as stream:
        with pytest.raises(OSError, match=r"No space left|Broken pipe"):
            stream.write("x")
        configure_logs(LogFormat.JSON, LogLevel.INFO, to=stream)

        say_something()
