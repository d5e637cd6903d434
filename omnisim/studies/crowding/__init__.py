"""The crowding study: what a forecast is worth in a market that answers back."""
