"""How to set a system up so that it calls: what to enter where, and a call to try it with.

No secret is read for it: it names where each is kept."""
