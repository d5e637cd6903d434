"""Supply: the generators of a market, what happens to them, and the price at which they meet a demand."""
