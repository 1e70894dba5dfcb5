"""Brings scenario starts to Altcraft: claims, paces, attempts, judges, settles."""

from app.delivery.verdict import RetryPolicy
from app.delivery.worker import Worker

__all__ = ["RetryPolicy", "Worker"]
