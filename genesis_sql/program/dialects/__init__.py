"""The engines that a sampling program can be written for, one small file each."""
