"""The ways out of the house, one small file each."""
