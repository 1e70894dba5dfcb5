"""The configuration in use follows its file; a file that can't be used changes nothing."""

from collections.abc import Mapping
from pathlib import Path
from random import Random

import pytest
from structlog.testing import capture_logs

from app.observe.counts import Counts
from app.observe.metrics import RELOADS
from app.revision import Revision, read_revision
from app.revision.watch import CurrentRevision
from tests.support.clock import ManualClock

SOUND = """\
version: 1
destinations: {main: {url: https://altcraft.example.com, token: {env: TOKEN}}}
sources: {forms: {auth: none}}
rules: [{name: one, scenario: 1}]
"""
ENVIRON: Mapping[str, str] = {"TOKEN": "altcraft-t0ken-0123456789"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "bridge.yaml"
    found.write_text(SOUND)
    return found


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def remove(path: Path) -> None:
    path.unlink()


def current(path: Path) -> tuple[CurrentRevision, list[Revision]]:
    """With the revisions that listeners were told of."""
    heard: list[Revision] = []
    found = CurrentRevision(path, ENVIRON, read_revision(path, ENVIRON), Random(1))
    found.listen(heard.append)
    return found, heard


async def test_a_file_that_holds_the_same_is_not_read_again(path: Path) -> None:
    watched, heard = current(path)

    write(path, SOUND)

    assert not await watched.look()
    assert heard == []


async def test_new_content_comes_into_use(path: Path) -> None:
    watched, heard = current(path)
    before = watched.revision

    write(path, SOUND.replace("scenario: 1", "scenario: 2"))

    assert await watched.look()
    assert watched.revision.rules.all[0].scenario.number == 2
    assert heard == [watched.revision]
    assert watched.revision.id != before.id


async def test_bad_content_leaves_the_old_in_use_until_it_is_mended(path: Path) -> None:
    watched, heard = current(path)
    before = watched.revision

    write(path, SOUND.replace("scenario: 1", "scenario: one"))
    assert not await watched.look()
    assert watched.revision is before
    write(path, SOUND.replace("scenario: 1", "scenario: 3"))
    assert await watched.look()

    assert [one.rules.all[0].scenario.number for one in heard] == [3]


async def test_what_became_of_changes_is_counted_and_known(path: Path) -> None:
    counts, clock = Counts(), ManualClock()
    revision = read_revision(path, ENVIRON)
    watched = CurrentRevision(path, ENVIRON, revision, Random(1), counts=counts, clock=clock)
    began = watched.since

    write(path, SOUND.replace("scenario: 1", "scenario: one"))
    clock.pass_s(60)
    await watched.look()
    assert (watched.refused is None, watched.since) == (False, began)
    write(path, SOUND)
    await watched.look()

    assert (watched.refused is None, watched.since) == (True, began)
    of_each = {
        key.labels[0]: counts.slot.numbers[at]
        for key, at in counts.slot.named()
        if key.metric == RELOADS.name
    }
    assert of_each == {"accepted": 1, "refused": 1}


async def test_a_link_that_is_swapped_is_seen(tmp_path: Path) -> None:
    first, second, link = tmp_path / "a.yaml", tmp_path / "b.yaml", tmp_path / "bridge.yaml"
    first.write_text(SOUND)
    second.write_text(SOUND.replace("name: one", "name: two"))
    link.symlink_to(first)
    watched, _ = current(link)

    link.unlink()
    assert not await watched.look()
    link.symlink_to(second)

    assert await watched.look()
    assert watched.revision.rules.all[0].name == "two"


async def test_a_refused_content_is_kept_with_its_faults_until_a_good_one_comes(path: Path) -> None:
    watched, _ = current(path)
    since = watched.since

    write(path, SOUND.replace("scenario: 1", "scenario: 1, when: boddy.a"))
    await watched.look()
    refused = watched.refused
    write(path, SOUND)
    await watched.look()

    assert refused is not None
    assert (refused.file, refused.id == watched.revision.id) == (str(path), False)
    assert [(fault.key, fault.line) for fault in refused.faults] == [("rules[0].when", 4)]
    assert (watched.refused, watched.since) == (None, since)


async def test_what_was_refused_for_a_secret_comes_into_use_when_the_secret_is_there(
    path: Path,
) -> None:
    clock = ManualClock()
    revision = read_revision(path, ENVIRON)
    watched = CurrentRevision(path, ENVIRON, revision, Random(1), clock=clock)
    write(path, SOUND.replace("auth: none", "auth: {bearer: {file: token}}"))
    await watched.look()
    began = watched.refused

    with capture_logs() as logs:
        clock.pass_s(10)
        assert not await watched.look()
    path.with_name("token").write_text("a-secret-that-comes-later")
    assert not await watched.look()
    clock.pass_s(10)

    assert await watched.look()
    assert (began is None, watched.refused) == (False, None)
    assert logs == [], "the same faults are said once"


async def test_a_file_that_stays_unreadable_is_refused_until_it_is_there_again(path: Path) -> None:
    clock = ManualClock()
    revision = read_revision(path, ENVIRON)
    watched = CurrentRevision(path, ENVIRON, revision, Random(1), clock=clock)

    remove(path)
    await watched.look()
    assert watched.refused is None, "it may be swapped just now"
    clock.pass_s(5)
    await watched.look()
    refused = watched.refused
    write(path, SOUND)

    assert refused is not None
    assert [str(fault) for fault in refused.faults] == [
        "file: can't be read: No such file or directory; check the path"
    ]
    assert await watched.look()
    assert (watched.refused, watched.revision.id) == (None, revision.id)
