"""How values are shown to people and programs: in words, and without the person in them."""
