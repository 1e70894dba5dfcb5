"""Keys are at hand when calls come, and follow those of the other side."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import orjson
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from app.expressions import Scope
from app.key_sets import Fetcher, Pace
from app.kit.clock import SystemClock
from app.sources.auth import Addresses
from app.sources.receive import Refused, Taken, receive
from app.sources.source import Source
from tests.key_sets.server import Answers, a_key_server
from tests.support.sources import a_call, source_and_faults

NOW_AND_THEN = Pace(early_s=0.0, least_s=0.0, retry_base_s=0.01, retry_cap_s=0.02)


def a_key(kid: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid})


def key_set(*keys: ECKey) -> bytes:
    return orjson.dumps({"keys": [key.as_dict(private=False) for key in keys]})


@contextlib.asynccontextmanager
async def fetching(answers: Answers, *, pace: Pace = NOW_AND_THEN) -> AsyncIterator[Fetcher]:
    fetcher = Fetcher(SystemClock(), Random(1), pace=pace, limit_s=5, tls=answers.trusting)
    fetcher.allow(Addresses(named=frozenset({answers.url})))
    stop = asyncio.Event()
    task = asyncio.create_task(fetcher.run(stop))
    try:
        await fetcher.first(10)
        yield fetcher
    finally:
        stop.set()
        await task


def a_source(answers: Answers, fetcher: Fetcher) -> Source:
    text = f"auth: {{jwt: {{jwks_url: '{answers.url}', algorithms: ES256}}}}"
    source, faults = source_and_faults(text, fetched=fetcher)
    assert source is not None, [str(fault) for fault in faults]
    return source


def by(key: ECKey, source: Source) -> Taken | Refused:
    call = a_call(b'{"crm_id": "1"}')
    claims = {"exp": int(call.received_at.timestamp()) + 60}
    token = jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key)
    call = a_call(b'{"crm_id": "1"}', headers={"authorization": f"Bearer {token}"})
    found = receive(source, call, Scope())
    assert isinstance(found, Taken | Refused)
    return found


async def until_taken(key: ECKey, source: Source, answers: Answers) -> None:
    async with asyncio.timeout(10):
        while not isinstance(by(key, source), Taken):
            # None follows where the answer to the last one was still on its way.
            await answers.next_request(limit_s=0.05)


async def test_a_token_by_a_key_of_the_address_is_let_in_and_another_is_not(
    tmp_path: Path,
) -> None:
    ours, stranger = a_key("a"), a_key("a")
    async with a_key_server(tmp_path) as answers:
        answers.body = key_set(ours)
        async with fetching(answers) as fetcher:
            source = a_source(answers, fetcher)

            assert isinstance(by(ours, source), Taken)
            assert isinstance(by(stranger, source), Refused)


async def test_a_key_that_is_not_known_yet_is_looked_for(tmp_path: Path) -> None:
    old, new = a_key("old"), a_key("new")
    async with a_key_server(tmp_path) as answers:
        answers.body = key_set(old)
        async with fetching(answers) as fetcher:
            source = a_source(answers, fetcher)
            answers.body = key_set(new)

            await until_taken(new, source, answers)

            assert isinstance(by(old, source), Refused)


@pytest.mark.parametrize("broken", [b"<html>try later</html>", b"{}", b""])
async def test_what_is_no_key_set_does_not_take_the_place_of_one(
    tmp_path: Path, broken: bytes
) -> None:
    ours = a_key("a")
    async with a_key_server(tmp_path) as answers:
        answers.body = key_set(ours)
        async with fetching(answers) as fetcher:
            source = a_source(answers, fetcher)
            answers.body = broken
            for _ in range(2):
                fetcher.look_again(answers.url)
                await answers.next_request()

            assert isinstance(by(ours, source), Taken)


async def test_a_call_before_the_keys_is_put_off_and_not_refused_for_good(tmp_path: Path) -> None:
    ours = a_key("a")
    async with a_key_server(tmp_path) as answers:
        answers.status, answers.body = 500, key_set(ours)
        async with fetching(answers) as fetcher:
            source = a_source(answers, fetcher)

            early = by(ours, source)
            assert isinstance(early, Refused)
            assert early.slug == "temporarily_unavailable"
            assert early.retry_after_s

            answers.status = 200
            await until_taken(ours, source, answers)


async def test_no_address_is_asked_but_those_that_the_file_names(tmp_path: Path) -> None:
    async with a_key_server(tmp_path) as answers, a_key_server(tmp_path) as other:
        async with fetching(answers) as fetcher:
            assert fetcher.current(other.url) is None
            fetcher.allow(Addresses(hosts=frozenset({".example.com"})))
            assert fetcher.current(other.url) is None
            assert fetcher.current("https://example.com.evil.test/keys") is None
            assert fetcher.current("http://a.example.com/keys") is None
            assert fetcher.current("https://a.example.com@localhost/keys") is None

        assert other.asked == 0
