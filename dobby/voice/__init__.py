"""Dobby's ears and mouth: speech to text behind one seam (ears.py), text to speech behind another (mouth.py)."""
