"""The parts of the program know each other in one direction only."""

import ast
import subprocess
import sys

from tests.support.whole import ROOT, sources


def test_nobody_imports_against_the_direction() -> None:
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as run; run()",
    ]

    done = subprocess.run(
        [*command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=100, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_what_decides_can_be_tried_without_a_loop() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path, tree in sources("sources", "rules", "expressions")
        for node in ast.walk(tree)
        if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith)
    ]

    assert found == []


def test_every_package_says_what_it_is_for() -> None:
    found = [
        str(path)
        for path, tree in sources()
        if path.name == "__init__.py" and not ast.get_docstring(tree)
    ]

    assert found == []
