"""Puts the parts together: the web application, the roles of a process, start and stop."""
