"""Learning a device that nobody wrote a driver for: look at it (look.py), guess what it is (guess.py and its
neighbours), try it once with the owner watching (trial.py), keep it as a recipe in a skill folder (shelf.py), drive it
(link.py)."""
