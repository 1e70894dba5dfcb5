"""One look at an address, over TLS."""

from pathlib import Path

import pytest

from app.key_sets.fetch import MAX_BYTES, NotFetched, fetch, fresh_s
from tests.key_sets.server import Answers, a_key_server


async def looked(answers: Answers, *, limit_s: float = 5) -> str:
    return (await fetch(answers.url, tls=answers.trusting, limit_s=limit_s)).text


async def test_what_stands_there_comes_with_how_long_it_may_be_used(tmp_path: Path) -> None:
    async with a_key_server(tmp_path) as answers:
        answers.headers = {"Cache-Control": "public, max-age=600", "Age": "100"}
        found = await fetch(answers.url, tls=answers.trusting, limit_s=5)

    assert (found.text, found.fresh_s) == ("{}", 500.0)


@pytest.mark.parametrize("status", [204, 302, 404, 500])
async def test_nothing_but_200_is_used_and_no_redirect_is_followed(
    tmp_path: Path, status: int
) -> None:
    async with a_key_server(tmp_path) as answers:
        answers.status, answers.headers = status, {"Location": answers.url}
        with pytest.raises(NotFetched, match=f"status {status}"):
            await looked(answers)

        assert answers.asked == 1


async def test_what_is_too_long_is_not_read_to_its_end(tmp_path: Path) -> None:
    async with a_key_server(tmp_path) as answers:
        answers.body = b"x" * (MAX_BYTES + 1)
        with pytest.raises(NotFetched, match="more than"):
            await looked(answers)


async def test_what_does_not_answer_is_given_up(tmp_path: Path) -> None:
    async with a_key_server(tmp_path) as answers:
        answers.body = None
        with pytest.raises(NotFetched, match=r"within 0\.2 s"):
            await looked(answers, limit_s=0.2)


async def test_what_is_packed_or_no_text_is_not_used(tmp_path: Path) -> None:
    async with a_key_server(tmp_path) as answers:
        answers.headers = {"Content-Encoding": "gzip"}
        with pytest.raises(NotFetched, match="packed"):
            await looked(answers)
        answers.headers, answers.body = {}, b"\xff\xfe"
        with pytest.raises(NotFetched, match="no text"):
            await looked(answers)


async def test_an_address_whose_certificate_nobody_vouches_for_is_not_believed(
    tmp_path: Path,
) -> None:
    async with a_key_server(tmp_path) as answers, a_key_server(tmp_path) as other:
        stranger = Answers()
        with pytest.raises(NotFetched) as failed:
            await fetch(other.url, tls=stranger.trusting, limit_s=5)

        assert answers.asked == other.asked == 0
    assert "localhost" not in failed.value.why


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"cache-control": "no-store"}, 0.0),
        ({"cache-control": "max-age=60"}, 60.0),
        ({"cache-control": "max-age=60", "age": "90"}, 0.0),
        ({"cache-control": "s-maxage=60"}, None),
    ],
)
def test_how_long_it_may_be_used_is_read_from_the_headers(
    headers: dict[str, str], expected: float | None
) -> None:
    assert fresh_s(headers) == expected
