"""`bridge demo --once`: the first minute of a new user."""

from tests.support.commands import bridge


def test_the_demonstration_starts_what_it_should_and_ends_well() -> None:
    ran = bridge("demo", "--once", "--port", "0", "--sandbox-port", "0")

    assert ran.status == 0, ran.out + ran.err
    assert "Every start that should have happened did." in ran.out
    assert ran.out.count("-> accepted") == 5
    assert "error 404: Profile not found -> unknown_profile" in ran.out
    assert "sandbox-token" not in ran.out
