"""The discrete-event engine: who says what to whom, and when."""
