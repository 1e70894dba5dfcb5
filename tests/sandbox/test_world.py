"""The file that says who and what the stand-in knows."""

from pathlib import Path

import pytest

from app.sandbox import World, WorldRefused, example_world, read_world
from app.sandbox.people import Key

SOUND = """\
tokens: {t: all}
scenarios:
  - {id: 1, name: One}
profiles:
  - profile_id: 66acb337240d5213037986d8
    email: a@b.example
"""


def read(folder: Path, text: str) -> World:
    path = folder / "world.yaml"
    path.write_text(text, encoding="utf-8")
    return read_world(path)


def test_the_built_in_world_holds_what_the_examples_speak_of() -> None:
    world = example_world()

    ivan = [
        world.find(key)[0].profile_id
        for key in (
            Key("custom", "12345", "CRM_ID"),
            Key("email", "ivan@example.com"),
            Key("phone", "+79000000000"),
            Key("profile_id", "66acb337240d5213037986d8"),
        )
    ]

    assert set(ivan) == {"66acb337240d5213037986d8"}
    assert list(world.scenarios) == [1, 2, 3, 4, 5]
    assert [world.scenarios[n].name for n in (3, 4)] == ["Deal won", "Abandoned cart"]
    assert [s.is_active for s in world.scenarios.values()] == [True, True, True, True, False]
    assert "sandbox-token" in world.tokens


def test_a_file_may_be_yaml_or_json(tmp_path: Path) -> None:
    as_json = '{"tokens": {"t": "none"}, "scenarios": [{"id": 7, "name": "Seven"}]}'

    assert list(read(tmp_path, SOUND).scenarios) == [1]
    assert list(read(tmp_path, as_json).scenarios) == [7]


def test_any_in_place_of_profiles_knows_everybody(tmp_path: Path) -> None:
    text = SOUND.partition("profiles:")[0] + "profiles: any\n"

    world = read(tmp_path, text)

    assert world.knows_everybody
    assert len(world.find(Key("email", "who@ever.example"))) == 1
    assert world.profiles == {}


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("t: all", "t: some", 1, "tokens.t: input should be 'all' or 'none'"),
        ("tokens: {t: all}\n", "", 1, "tokens: is required and missing"),
        ("name: One", "nane: One", 3, 'scenarios[0].nane: unknown key; did you mean "name"?'),
        ("id: 1", "id: one", 3, "scenarios[0].id: "),
        ("id: 1", "id: 0", 3, "scenarios[0].id: "),
        ("66acb337240d5213037986d8", "66ac", 5, "profiles[0].profile_id: "),
        ("66acb337240d5213037986d8", "123456789012345678901234", 5, "put it in quotes"),
        ("email: a@b.example", "phones: [+79000000000]", 6, "put it in quotes"),
        ("email: a@b.example", "phone: x", 6, 'profiles[0].phone: unknown key; did you mean "pho'),
        (
            "  - {id: 1, name: One}",
            "  - {id: 1, name: One}\n  - {id: 1, name: Two}",
            4,
            "scenarios[1].id: another scenario has it too",
        ),
        (
            "    email: a@b.example",
            "    email: a@b.example\n"
            "  - {profile_id: 66acb337240d5213037986d9, email: A@b.example}",
            7,
            "profiles[1].email: another profile has it too",
        ),
        ("tokens: {t: all}", "tokens: {t: all", 2, "is no YAML"),
    ],
)
def test_what_is_wrong_is_named_with_file_line_key_and_what_to_do(
    tmp_path: Path, old: str, new: str, line: int, says: str
) -> None:
    with pytest.raises(WorldRefused) as refused:
        read(tmp_path, SOUND.replace(old, new))

    lines = str(refused.value).splitlines()
    assert any(one.startswith(f"{tmp_path}/world.yaml:{line}: ") and says in one for one in lines)


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = SOUND.replace("t: all", "t: some").replace("id: 1", "id: one")

    with pytest.raises(WorldRefused) as refused:
        read(tmp_path, text)

    assert len(str(refused.value).splitlines()) == 2


@pytest.mark.parametrize("text", ["", "- 1", "text"])
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(WorldRefused, match="expected a mapping"):
        read(tmp_path, text)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WorldRefused, match=r"nowhere\.yaml:1: file: can't be read: No such file"):
        read_world(tmp_path / "nowhere.yaml")
