"""`bridge events` and `bridge deliveries`, put together: what is looked at, and what is done."""

from app.cli import history, operate, save

events = history.events
deliveries = history.deliveries

events.command("save-as-test")(save.save_as_test)
events.command("replay")(operate.replay_events)
deliveries.command("replay")(operate.replay_deliveries)
deliveries.command("cancel")(operate.cancel_deliveries)
