"""Faults are written so that they can be mended."""

from app.config.faults import ConfigRefused, Fault


def test_a_fault_says_where_what_and_what_to_do() -> None:
    assert str(Fault("rules[2].when", "unknown name", hint="try body")) == (
        "rules[2].when: unknown name; try body"
    )
    assert str(Fault("file", "is empty")) == "file: is empty"


def test_faults_stand_in_the_order_of_the_file() -> None:
    refused = ConfigRefused(
        "b.yaml", [Fault("b", "x", line=9), Fault("c", "x"), Fault("a", "x", 2)]
    )

    assert refused.lines() == ["b.yaml:1: c: x", "b.yaml:2: a: x", "b.yaml:9: b: x"]
    assert refused.slug == "configuration"
