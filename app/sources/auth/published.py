"""Secrets that stand in public documentation, which anybody may sign with."""

PUBLISHED = frozenset(
    {
        # Zendesk signs with it before a webhook is saved ("verifying webhook authenticity").
        "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==",
        # GitHub, "validating webhook deliveries".
        "It's a Secret to Everybody",
        # Slack, "verifying requests from Slack".
        "8f742231b10e8888abcd99yyyzzz85a5",
        # Standard Webhooks and Svix, the samples of their documentation and libraries.
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        # Twilio, the samples of its documentation.
        "12345",
        # amoCRM, the sample of "chat webhooks".
        "5a44c5dff55f3c15a4cce8d7c4cc27e207c7e189",
        # JWT.io, the sample that is filled in.
        "your-256-bit-secret",
        "a-string-secret-at-least-256-bits-long",
        # What people write while they try things out.
        "changeme",
        "password",
        "secret",
        "test",
        "token",
    }
)
