"""Pleo in a box: an imitation of Pleo, written from Pleo's contract alone and never friendlier than Pleo."""
