"""The posting rules: an export item and settings become entries, or problems (`posting-rules.md`).

The entry point is `post.post_item`.
"""
