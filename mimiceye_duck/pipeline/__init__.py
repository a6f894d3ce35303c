"""The build's steps, their state, and the same models on Spark."""
