"""What the agent does: five steps, lease, hold, state. It knows no HTTP."""
