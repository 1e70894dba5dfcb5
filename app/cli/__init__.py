"""The `bridge` command. Exit statuses: see app/cli/exits.py."""
