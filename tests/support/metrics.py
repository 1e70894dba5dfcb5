"""What `/metrics` says, as a test reads it."""

from prometheus_client.parser import text_string_to_metric_families


def samples(text: str, name: str, **labels: str) -> dict[tuple[str, ...], float]:
    """Values of a metric where these labels have these values, by the other labels' values in the
    order of their names."""
    found: dict[tuple[str, ...], float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == name and labels.items() <= sample.labels.items():
                others = sorted(sample.labels.items() - labels.items())
                found[tuple(value for _, value in others)] = sample.value
    return found


def value(text: str, name: str, **labels: str) -> float:
    """Of the only one that has these labels; 0 where there is none."""
    found = samples(text, name, **labels)
    assert len(found) <= 1, found
    return next(iter(found.values()), 0.0)
