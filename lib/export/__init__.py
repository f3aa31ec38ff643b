"""What others can read: exports of the Store in formats that are not ours, a module each."""
