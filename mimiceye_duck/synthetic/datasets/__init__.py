"""The files of each dataset, synthetic."""
