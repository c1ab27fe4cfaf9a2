"""Delivery of sealed documents (`docs/documents/delivery.md`).

opening   which delivery a connection's options mean
address   `deliver_to` in parts
filed     what every place that can be read back has in common: compare, write beside, compare, rename
folder sftp webdav s3   such places
http signature          what the last two share; how S3 is signed to
mail      a place that can't be read back

fsspec and its file systems are not used: its SFTP takes any host key, its WebDAV and S3 bring HTTP clients that look
names up themselves (the network policy would not hold), its `mv` overwrites, and s3fs can't be installed beside
Beancount. What is needed of each place is five small calls.
"""
