"""From a call to the scenarios it starts, or the reasons why it starts none."""

from app.rules.build import Rules, build_rules
from app.rules.compiled import Miss
from app.rules.evaluate import Decision, evaluate

__all__ = ["Decision", "Miss", "Rules", "build_rules", "evaluate"]
