"""Rules of the Smoke Deploy Model as pure functions: what was seen in, what is wrong with it out."""
