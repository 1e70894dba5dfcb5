"""The configuration file and the environment: read, checked whole, frozen."""
