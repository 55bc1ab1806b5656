"""The story: advise, reconcile, replay, explain, report."""
