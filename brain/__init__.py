"""Learnt judgement: training, evaluation and the registry of brains."""
