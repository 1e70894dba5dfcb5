"""Reads objects of the Prometheus operator from the standard input, and says which it would refuse
or which keys it does not know. Runs in the environment of `make check-deploy`."""

import sys

import yaml
from cloudcoil.models.prometheus_operator.v1 import PrometheusRule, ServiceMonitor

KINDS = {"ServiceMonitor": ServiceMonitor, "PrometheusRule": PrometheusRule}


def main() -> None:
    for one in yaml.safe_load_all(sys.stdin):
        if one and one["kind"] in KINDS:
            read = KINDS[one["kind"]].model_validate(one)
            understood = read.model_dump(mode="json", by_alias=True, exclude_unset=True)
            if understood != one:
                sys.exit(f"{one['kind']}: of {one} only {understood} is understood")
            sys.stdout.write(f"{one['kind']}\n")


if __name__ == "__main__":
    main()
