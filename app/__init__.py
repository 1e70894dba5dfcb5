"""Altcraft scenario bridge: any webhook becomes the start of an Altcraft scenario."""
