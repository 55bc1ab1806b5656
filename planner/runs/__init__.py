"""What has been run: every plan, what it was made from, and who approved it."""
