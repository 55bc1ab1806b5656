"""Policies learnt for the reference problems; torch is loaded only to train."""
