"""What every page is drawn with: templates, words, languages, built files."""
