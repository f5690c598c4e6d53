"""One run of the gate, from collection to evidence."""
