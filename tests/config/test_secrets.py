"""A secret comes from the environment or a file, or is a fault that names only the place."""

from pathlib import Path

import pytest

from app.config.schema.secret import SecretRef
from app.config.secrets import SecretMissing, SecretReader


def reader(base: Path, **environ: str) -> SecretReader:
    return SecretReader(environ, base)


def test_a_secret_is_read_from_the_environment(tmp_path: Path) -> None:
    secret = reader(tmp_path, TOKEN="s3cret\n").one(SecretRef(env="TOKEN"))

    assert secret.reveal() == "s3cret\n"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("s3cret", "s3cret"), ("s3cret\n", "s3cret"), ("s3cret\r\n", "s3cret"),
        ("s3cret\n\n", "s3cret\n"), (" s3cret ", " s3cret "), ("ключ\n", "ключ"),
    ],
)  # fmt: skip
def test_a_file_holds_a_secret_and_one_line_end_at_most(
    tmp_path: Path, content: str, text: str
) -> None:
    (tmp_path / "token").write_bytes(content.encode())

    assert reader(tmp_path).one(SecretRef(file="token")).reveal() == text


def test_an_absolute_path_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret")

    found = reader(Path("/nowhere")).one(SecretRef(file=str(tmp_path / "token")))

    assert found.reveal() == "s3cret"


def test_several_secrets_keep_their_order(tmp_path: Path) -> None:
    found = reader(tmp_path, A="1", B="2").all([SecretRef(env="B"), SecretRef(env="A")])

    assert [secret.reveal() for secret in found] == ["2", "1"]


@pytest.mark.parametrize("environ", [{}, {"TOKEN": ""}])
def test_an_unset_or_empty_variable_is_named(tmp_path: Path, environ: dict[str, str]) -> None:
    with pytest.raises(SecretMissing) as missing:
        reader(tmp_path, **environ).one(SecretRef(env="TOKEN"))

    assert str(missing.value) == "environment variable TOKEN is not set or empty"


def test_a_variable_that_is_no_text_is_refused_at_the_start_and_not_at_the_first_call(
    tmp_path: Path,
) -> None:
    raw = b"s3cret\xff".decode("utf-8", "surrogateescape")

    with pytest.raises(SecretMissing) as missing:
        reader(tmp_path, TOKEN=raw).one(SecretRef(env="TOKEN"))

    assert str(missing.value) == "environment variable TOKEN is not UTF-8 text"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty or larger than 65536 bytes"),
        (b"\n", "is empty or larger than 65536 bytes"),
        (b"x" * 65_537, "is empty or larger than 65536 bytes"),
        (b"s3cret\xff", "is not UTF-8 text"),
    ],
)
def test_a_file_that_holds_no_secret_is_named_and_its_content_is_not(
    tmp_path: Path, content: bytes, why: str
) -> None:
    (tmp_path / "token").write_bytes(content)

    with pytest.raises(SecretMissing) as missing:
        reader(tmp_path).one(SecretRef(file="token"))

    assert str(missing.value) == f"secret file {tmp_path}/token {why}"


def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(SecretMissing, match=r"none can't be read: No such file or directory"):
        reader(tmp_path).one(SecretRef(file="none"))
    with pytest.raises(SecretMissing, match=r"can't be read: Is a directory"):
        reader(tmp_path).one(SecretRef(file="."))
    with pytest.raises(SecretMissing, match="holds a zero byte"):
        reader(tmp_path).one(SecretRef(file="a\0b"))
