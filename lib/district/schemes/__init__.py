"""The schemes that a district may hide, by what they are about; each with an innocent double."""
