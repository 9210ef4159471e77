"""Learning from what editors decide: models that stay near the shipped ones, and the gate they must pass."""
