"""The words of the product as frozen values: event, scenario start, delivery, outcome."""
