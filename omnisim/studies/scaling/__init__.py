"""How regret and violation grow: with the rounds, the actions, the subsequences and the agents."""
