"""The operator's pages at `/console`: rendered here, quick, in two languages, and of use without
scripts. `app.console.app.create_console` makes the whole."""
