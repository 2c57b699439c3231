"""Pictures of a run to take away: a poster as PNG, SVG or PDF, and a film of posters."""
