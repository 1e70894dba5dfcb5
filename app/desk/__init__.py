"""What operators do, by whatever face: who may, which they mean, and the acts themselves.

The API and the console are two faces of it and do not know each other.
"""
