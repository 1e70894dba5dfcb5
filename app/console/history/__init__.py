"""What came in and what became of it: events, deliveries, the audit log, and how a person is found
and forgotten. `app.console.history.routes.history_routes` has all pages."""
