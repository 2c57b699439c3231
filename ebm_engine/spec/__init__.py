"""What a person chooses: the spec of a run, its blocks, fields, presets and links. Never torch."""
