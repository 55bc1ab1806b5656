"""Public inventory problems on the one simulator: each a scenario and an accounting of its own."""
