"""What all figures share: palette, template, scales, ticks, lines and notation."""
