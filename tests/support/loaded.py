"""All of the program, loaded once for the many processes that are forked from it."""

from app.cli import main

main.command_line()
