"""Study of the growth of regret and violation: with the rounds, the actions, the subsequences and the agents."""
