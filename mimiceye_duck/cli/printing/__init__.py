"""Tables, lists, summaries and pages of text for a terminal."""
