"""Migration files, and the migrations applied to a database (PRE-5)."""
