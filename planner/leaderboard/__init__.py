"""Strangers' policies, run in a cage on scenarios they cannot see, and ranked."""
