"""What every page is made with."""

from dataclasses import dataclass

from app.console.live import Live
from app.console.pages import Pages
from app.console.sessions import Sessions
from app.desk.desk import Desk
from app.desk.operators import Operators


@dataclass(frozen=True, slots=True)
class House:
    desk: Desk
    operators: Operators
    sessions: Sessions
    pages: Pages
    live: Live
    has_provider: bool = False
    """Whether somebody else may let operators in, too."""
