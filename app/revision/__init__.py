"""A configuration compiled whole, or all its faults; swapped when a better one is there."""

from app.revision.build import Revision, build_revision, read_revision
from app.revision.watch import CurrentRevision

__all__ = ["CurrentRevision", "Revision", "build_revision", "read_revision"]
