"""What a build is made from: contracts, models, options, templates, dialects."""
