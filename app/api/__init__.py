"""The operator's HTTP faces: health now."""
