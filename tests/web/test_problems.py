"""Every failure that can reach a caller has a status, and tells nothing it should not."""

import ast
import json
from collections.abc import Iterator

import pytest

from app.kit.errors import BridgeError
from app.sources.auth.refusal import TEMPORARY, UNAUTHENTICATED
from app.web.problems import CONTENT_TYPE, PROBLEMS, TYPE_PREFIX, Problem
from tests.support.whole import modules, sources

# These end at the command line or inside of a rule, never in an answer to a caller.
NEVER_ANSWERED = {"configuration", "expression"}


def errors(root: type[BridgeError] = BridgeError) -> Iterator[type[BridgeError]]:
    yield root
    for below in root.__subclasses__():
        yield from errors(below)


def written_slugs() -> Iterator[tuple[str, str]]:
    """The slugs that the code writes out where it makes a refusal, each with its place."""
    for path, tree in sources():
        if path.parts[1] == "sandbox":
            continue  # it answers as Altcraft does
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _name(node) in ("Problem", "Refused") and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield first.value, f"{path}:{node.lineno}"


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def test_every_error_that_can_reach_a_caller_has_a_status() -> None:
    assert modules()

    without = {
        f"{error.__module__}.{error.__name__}"
        for error in errors()
        if error.slug not in PROBLEMS.keys() | NEVER_ANSWERED
    }

    assert without == set()


def test_every_refusal_that_the_code_writes_has_a_status() -> None:
    found = list(written_slugs())

    assert len(found) > 5
    assert [place for slug, place in found if slug not in PROBLEMS] == []


def test_a_refusal_of_authentication_has_a_status() -> None:
    assert PROBLEMS[UNAUTHENTICATED].status == 401
    assert PROBLEMS[TEMPORARY].status == 503


def test_an_error_without_a_kind_of_its_own_is_ours_to_mend() -> None:
    assert PROBLEMS[BridgeError.slug].status == 500


@pytest.mark.parametrize("slug", sorted(PROBLEMS))
def test_a_problem_is_problem_json_with_a_stable_type(slug: str) -> None:
    problem = Problem(slug, "what to do")

    assert json.loads(problem.body()) == {
        "type": f"urn:altcraft-bridge:problem:{slug}",
        "title": PROBLEMS[slug].title,
        "status": problem.status,
        "detail": "what to do",
    }
    assert 400 <= problem.status <= 599


def test_a_problem_may_say_more() -> None:
    problem = Problem("unmatched", "the call is kept", {"X-A": "1"}, more={"events": ["0190"]})

    assert json.loads(problem.body())["events"] == ["0190"]
    assert problem.headers == {"X-A": "1"}


def test_types_and_content_type_are_those_of_rfc_9457() -> None:
    assert CONTENT_TYPE == "application/problem+json"
    assert TYPE_PREFIX == "urn:altcraft-bridge:problem:"


def test_the_statuses_are_those_that_are_promised() -> None:
    promised = {400, 401, 404, 405, 413, 415, 422, 429, 503}

    assert promised <= {kind.status for kind in PROBLEMS.values()}
