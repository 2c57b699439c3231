"""What all figures share: palette, theme, curves, encodings, series and words."""
