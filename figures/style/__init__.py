"""What all figures share: palette, template, scales, ticks and notation."""
