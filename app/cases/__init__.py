"""Cases that stand beside a configuration: a call, and what it should start.

`find_cases` reads them, `run_cases` holds them against a revision without network, store or
secrets, `case_of_event` makes one of a stored call with the people in it replaced.
"""

from app.cases.read import CasesRefused, PlacedCase, cases_folder, find_cases
from app.cases.revision import revision_without_secrets
from app.cases.run import CaseResult, Difference, run_cases
from app.cases.save import CannotSave, SavedCase, SaveOptions, case_of_event

__all__ = [
    "CannotSave",
    "CaseResult",
    "CasesRefused",
    "Difference",
    "PlacedCase",
    "SaveOptions",
    "SavedCase",
    "case_of_event",
    "cases_folder",
    "find_cases",
    "revision_without_secrets",
    "run_cases",
]
