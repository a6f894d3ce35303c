"""SQL text: quoting, templates, and the predicates of contracts."""
