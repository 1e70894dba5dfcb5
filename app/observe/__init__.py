"""Logs: one line per fact, an event name and fields."""
