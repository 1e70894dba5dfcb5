"""What needs a person now: one list, which faces show and notices tell."""

from app.concerns.advice import advice_for, severity_of
from app.concerns.gather import Known, concerns

__all__ = ["Known", "advice_for", "concerns", "severity_of"]
