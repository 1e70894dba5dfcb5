"""The chart is what helm and Kubernetes take, keeps what it promises, and starts the bridge."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.config.schema.file import DeliverySettings
from tests.deploy.charts import (
    MODES,
    environment_of,
    laid_out,
    objects,
    one_of,
    pods,
    rendered,
)
from tests.deploy.programs import CHART, DEPLOY, run
from tests.support.processes import Process, free_port

NAME = "bridge-altcraft-bridge"
# The oldest that Chart.yaml lets in of which there are schemas, and the newest.
VERSIONS = ("1.27.0", "1.37.0")


@pytest.mark.parametrize("mode", MODES)
def test_helm_finds_nothing_to_mend(mode: str) -> None:
    done = run("helm", "lint", "--strict", CHART, "-f", CHART / "ci" / f"{mode}-values.yaml")

    assert "0 chart(s) failed" in done.stdout, done.stdout
    assert done.returncode == 0


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("mode", MODES)
def test_kubernetes_knows_every_key(tmp_path: Path, mode: str, version: str) -> None:
    (tmp_path / "all.yaml").write_text(rendered(mode))

    done = run("kubernetes-validate", "--strict", "-k", version, tmp_path / "all.yaml")

    assert done.returncode == 0, done.stdout
    assert done.stdout.count("passed for resource") >= 7


def test_the_operator_of_prometheus_understands_its_objects() -> None:
    helm = Path(run("helm", "version").args[0])
    checker = Path(__file__).with_name("monitoring_objects.py")

    done = run(str(helm.with_name("python")), checker, text=rendered("split"))

    assert sorted(done.stdout.split()) == ["PrometheusRule", "ServiceMonitor"], done.stdout


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("mode=both", "/mode"),
        ("ingest.replica=3", "'replica' not allowed"),
        ("database.url=postgresql://bridge:hunter2@db/bridge", "/database/url"),
        ("database.url=", "database.url: expected an address such as"),
        ("existingConfigMap=", "config: give the text of bridge.yaml"),
    ],
)
def test_values_that_cannot_be_meant_are_refused(given: str, said: str) -> None:
    values = CHART / "ci" / "split-values.yaml"

    done = run("helm", "template", "bridge", CHART, "-f", values, "--set", given)

    assert done.returncode != 0
    assert said in done.stdout
    assert "hunter2" not in done.stdout


@pytest.mark.parametrize("mode", MODES)
def test_every_pod_may_do_next_to_nothing(mode: str) -> None:
    for name, pod in pods(mode):
        [container] = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert pod["automountServiceAccountToken"] is False, name
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name
        assert "memory" in container["resources"]["limits"], name


@pytest.mark.parametrize("mode", MODES)
def test_no_secret_stands_in_an_environment(mode: str) -> None:
    for name, pod in pods(mode):
        environ = environment_of({"env": [], **pod["containers"][0]})
        assert not {key for key in environ if key.endswith(("TOKEN", "PASSWORD"))}, name
        assert "of-the-trial" not in "".join(environ.values()), name


@pytest.mark.parametrize("mode", MODES)
def test_a_stop_is_given_longer_than_the_grace_of_what_is_in_flight(mode: str) -> None:
    for name, pod in pods(mode):
        if "terminationGracePeriodSeconds" in pod:
            pause = int(pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
            limit = pod["terminationGracePeriodSeconds"]
            assert limit >= pause + DeliverySettings().grace + 20, name


def test_the_volume_is_of_one_process_alone() -> None:
    found = one_of("StatefulSet", NAME, "single")["spec"]

    assert found["replicas"] == 1
    assert found["volumeClaimTemplates"][0]["spec"]["accessModes"] == ["ReadWriteOnce"]


def test_a_scaler_is_not_overruled_by_the_next_upgrade() -> None:
    scaled = one_of("Deployment", f"{NAME}-ingest", "split")["spec"]
    fixed = one_of(
        "Deployment", f"{NAME}-ingest", "split", "--set", "ingest.autoscaling.enabled=false"
    )["spec"]

    assert "replicas" not in scaled
    assert fixed["replicas"] == 2


def test_from_outside_only_calls_go_in() -> None:
    [rule] = one_of("Ingress", NAME, "split")["spec"]["rules"]

    assert [path["path"] for path in rule["http"]["paths"]] == ["/hooks"]


def test_workers_take_no_calls_and_selectors_find_their_pods() -> None:
    pods_by_component = {
        one["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"]: one["spec"][
            "template"
        ]["metadata"]["labels"]
        for one in objects("split")
        if one["kind"] == "Deployment"
    }

    calls = one_of("Service", NAME, "split")["spec"]["selector"]
    metrics = one_of("Service", f"{NAME}-worker", "split")["spec"]["selector"]

    assert [c for c, labels in pods_by_component.items() if calls.items() <= labels.items()] == [
        "ingest"
    ]
    assert [c for c, labels in pods_by_component.items() if metrics.items() <= labels.items()] == [
        "worker"
    ]


def test_the_chart_carries_the_alerts_and_the_dashboard_as_they_are() -> None:
    for name, original in {"alerts.yaml": "prometheus/alerts.yaml",
                           "dashboard.json": "grafana/bridge.json"}.items():  # fmt: skip
        copy = CHART / "files" / name
        assert copy.read_bytes() == (DEPLOY / original).read_bytes(), f"copy {original} to {copy}"


def test_what_the_pod_is_given_starts_a_bridge_that_takes_calls(tmp_path: Path) -> None:
    pod = one_of("StatefulSet", NAME, "single")["spec"]["template"]["spec"]
    config = one_of("ConfigMap", f"{NAME}-config", "single")
    secret = one_of("Secret", f"{NAME}-secrets", "single")
    volumes = laid_out(config, secret, tmp_path / "volumes")
    bridge = as_the_kubelet_would(pod, volumes, tmp_path)
    probes = {pod["containers"][0][f"{kind}Probe"]["httpGet"]["path"]
              for kind in ("startup", "liveness", "readiness")}  # fmt: skip

    bridge.start()
    try:
        answers = {httpx.get(bridge.url + path, trust_env=False).status_code for path in probes}
        called = httpx.post(
            f"{bridge.url}/hooks/forms",
            headers={"Authorization": "Bearer of-the-trial-forms"},
            json={"email": "ivan@example.com"},
            trust_env=False,
        )
    finally:
        status = bridge.stop()

    assert answers == {200}
    assert called.status_code == 202, called.text
    assert (volumes["data"] / "bridge.db").exists()
    assert status == 0


def as_the_kubelet_would(pod: Any, volumes: dict[str, Path], folder: Path) -> Process:
    """The container's arguments and environment; a path on a volume is the volume's own."""
    [container] = pod["containers"]
    assert {one["name"] for one in container["volumeMounts"]} == set(volumes)

    at = {mount["mountPath"]: volumes[mount["name"]] for mount in container["volumeMounts"]}
    mounted = re.compile("|".join(f"{re.escape(path)}(?=/)" for path in at))

    def on_volumes(text: str) -> str:
        return mounted.sub(lambda found: str(at[found[0]]), text)

    yaml = volumes["config"] / "bridge.yaml"
    yaml.write_text(on_volumes(yaml.read_text()))
    environ = {name: on_volumes(text) for name, text in environment_of(container).items()}
    port = free_port()
    probe = container["readinessProbe"]["httpGet"]["path"]
    return Process(
        [*container["args"], "--port", str(port)],
        f"http://127.0.0.1:{port}",
        probe,
        folder / "bridge.log",
        environ,
    )
