"""Tells people that something needs them. Names what it is about, and no person.

Each is told at least once: whoever claims a notice in the store sends it, and says so afterwards;
a process that is lost in between leaves a claim that runs out, and another tells it again.
"""

from app.notices.send import NotSent, send
from app.notices.tell import Teller
from app.notices.text import Said, try_out

__all__ = ["NotSent", "Said", "Teller", "send", "try_out"]
