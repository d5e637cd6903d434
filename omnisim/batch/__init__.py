"""Learning from samples: omniprediction for proper losses and panprediction."""
