"""What Dobby knows: Markdown files that people can read and edit are the truth (notes.py, journal.py); the index that
is searched (recall.py) can be made anew from them at any time."""
