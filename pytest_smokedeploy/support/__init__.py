"""Leaves that know no room: errors, image references, loopback addresses, redaction."""
