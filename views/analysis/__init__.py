"""The steps of the analysis for people: what each claims, how it follows, and what was found."""
