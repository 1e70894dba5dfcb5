"""What a process does of the whole."""

from enum import StrEnum


class Role(StrEnum):
    ALL = "all"
    INGEST = "ingest"
    WORKER = "worker"

    @property
    def takes_calls(self) -> bool:
        return self is not Role.WORKER

    @property
    def delivers(self) -> bool:
        return self is not Role.INGEST
