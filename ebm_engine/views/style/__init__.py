"""What all figures share: palette, theme, strokes, series and words."""
