"""What helm makes of the chart."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from ruamel.yaml import YAML

from tests.deploy.programs import CHART, run

Object: TypeAlias = Mapping[str, Any]

MODES = ("split", "single")


@cache
def rendered(mode: str, *more: str) -> str:
    """As `helm template` prints it, with the values that come with the chart for checks."""
    values = CHART / "ci" / f"{mode}-values.yaml"
    done = run("helm", "template", "bridge", CHART, "--namespace", "hooks", "-f", values, *more)
    assert done.returncode == 0, done.stdout
    return done.stdout


def objects(mode: str, *more: str) -> Sequence[Object]:
    return [one for one in YAML(typ="safe").load_all(rendered(mode, *more)) if one]


def one_of(kind: str, name: str, mode: str, *more: str) -> Object:
    [found] = [
        one
        for one in objects(mode, *more)
        if (one["kind"], one["metadata"]["name"]) == (kind, name)
    ]
    return found


def pods(mode: str) -> Iterator[tuple[str, Object]]:
    """Each pod that the chart starts, by the name of what starts it."""
    for one in objects(mode):
        if one["kind"] == "Pod":
            yield one["metadata"]["name"], one["spec"]
        elif one["kind"] in ("Deployment", "StatefulSet", "Job"):
            yield one["metadata"]["name"], one["spec"]["template"]["spec"]


def environment_of(container: Object) -> dict[str, str]:
    return {one["name"]: one["value"] for one in container["env"]}


def laid_out(config: Object, secret: Object, folder: Path) -> dict[str, Path]:
    """The volumes of a pod as folders, as the kubelet makes them, by name."""
    volumes = {name: folder / name for name in ("config", "secrets", "data", "tmp")}
    for volume in volumes.values():
        volume.mkdir(parents=True)
    for name, text in config["data"].items():
        (volumes["config"] / name).write_text(text)
    for name, text in secret["stringData"].items():
        (volumes["secrets"] / name).write_text(text)
    return volumes
