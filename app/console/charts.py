"""Small charts, whose shapes are placed here: a page may have no style of its own."""

from dataclasses import dataclass

from app.console.flow import Line

_GAP = 0.2
# A step in which something happened is seen, however high the others are.
_LEAST_HEIGHT = 2.0


@dataclass(frozen=True, slots=True)
class Bar:
    """In the units of the chart's view. `tone`: `good`, `mild` or `bad`."""

    x: float
    y: float
    width: float
    height: float
    tone: str


@dataclass(frozen=True, slots=True)
class Chart:
    """`most`: how much the full height stands for."""

    width: int
    height: int
    most: int
    bars: list[Bar]

    @property
    def paths(self) -> dict[str, str]:
        """The bars of each tone as one shape."""
        drawn: dict[str, list[str]] = {}
        for bar in self.bars:
            shape = f"M{bar.x} {bar.y}h{bar.width}v{bar.height}h-{bar.width}z"
            drawn.setdefault(bar.tone, []).append(shape)
        return {tone: "".join(shapes) for tone, shapes in drawn.items()}


def stacked(line: Line, *, width: int, height: int) -> Chart:
    """A bar a step, from the bottom what was good, of less weight, bad."""
    most = max(1, line.most)
    step = width / max(1, len(line.good))
    bars: list[Bar] = []
    for index, counts in enumerate(zip(line.good, line.mild, line.bad, strict=True)):
        bottom = float(height)
        for tone, count in zip(("good", "mild", "bad"), counts, strict=True):
            if count:
                tall = max(_LEAST_HEIGHT, count / most * height)
                bottom = max(0.0, bottom - tall)
                x, wide = index * step, step * (1 - _GAP)
                bars.append(
                    Bar(round(x, 2), round(bottom, 2), round(wide, 2), round(tall, 2), tone)
                )
    return Chart(width, height, line.most, bars)
