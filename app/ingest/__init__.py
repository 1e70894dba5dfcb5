"""Takes calls at /hooks: reads, asks the source and the rules, accepts durably, answers."""
