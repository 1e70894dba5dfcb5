"""What is wrong with the arguments themselves."""

import pytest

from tests.support.commands import bridge


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["check", "--nonsense"], "No such option: --nonsense"),
        (["check", "FILE", "ANOTHER"], "unexpected extra argument"),
        (["source", "nonsense"], "No such command 'nonsense'"),
        (["send"], "Missing"),
        (["serve", "--workers", "many"], "Invalid value for '--workers'"),
        (["serve", "--port"], "Option '--port' requires an argument"),
    ],
)
def test_it_is_said_and_the_status_is_that_of_usage(arguments: list[str], said: str) -> None:
    ran = bridge(*arguments)

    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err


def test_help_goes_to_the_output_and_is_no_failure() -> None:
    ran = bridge("serve", "--help")

    assert (ran.status, ran.err) == (0, "")
    assert "--workers" in ran.out


def test_without_a_command_all_are_shown() -> None:
    ran = bridge()

    assert "deliveries" in ran.out + ran.err
    assert ran.status == 2
