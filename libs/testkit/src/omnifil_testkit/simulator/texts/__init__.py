"""What customers say, in French and English: templates with blanks, by matter."""
