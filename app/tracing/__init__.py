"""OpenTelemetry's traces: from the caller through the store to Altcraft. Off unless asked for.

Only `opening` may be imported where the packages of the extra `otel` may be missing.
"""
