"""The interactive shell: statements, prompt and completion."""
