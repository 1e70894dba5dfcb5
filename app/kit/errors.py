"""The root of every error this program raises on purpose."""


class BridgeError(Exception):
    """An expected failure: its message says what is wrong, where, and what to do.

    `slug` is stable and names the kind of failure to programs. The message never holds a
    secret, a token or a person's data.
    """

    slug = "internal"
