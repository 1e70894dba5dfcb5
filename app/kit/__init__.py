"""Small parts without a word of our domain: clock, ids, secrets, backoff, durations, tasks."""
