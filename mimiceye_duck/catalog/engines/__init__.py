"""The same models for other engines: dialects, hosted tables, portability."""
