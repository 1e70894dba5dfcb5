"""The writer that fits the store: one transaction at a time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.observe.counts import Counts
from app.outbox.address import is_sqlite
from app.outbox.at_once import Direct
from app.outbox.engine import sqlite_writer
from app.outbox.migrations import upgrade
from app.outbox.task_writer import TaskWriter
from app.outbox.thread_writer import ThreadWriter
from app.outbox.transactions import migrating_server, writing_to_server
from app.outbox.writer import Writer, WriterLimits


@asynccontextmanager
async def writing(address: str, limits: WriterLimits, counts: Counts) -> AsyncIterator[Writer]:
    """At the end what waits is written."""
    if is_sqlite(address):
        writer = ThreadWriter(sqlite_writer(address), limits, counts)
        try:
            yield writer
        finally:
            await writer.close()
        return
    async with writing_to_server(address) as transactions:
        task_writer = TaskWriter(transactions, Direct(transactions), limits, counts)
        try:
            yield task_writer
        finally:
            await task_writer.close()


async def migrate(address: str, writer: Writer) -> None:
    if is_sqlite(address):
        await writer.run(upgrade)
        return
    async with migrating_server(address) as transactions:
        await transactions.run(upgrade)
