"""One way of listing for all pages: search, sort and filters in the address, totals, pages, files of the same."""
