"""The models of the configuration file. Their descriptions are its reference."""

from app.config.schema.file import BridgeFile

__all__ = ["BridgeFile"]
