"""`kontobro connector`: a start for those who write one."""
