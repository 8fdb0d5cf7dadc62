//! Totals of the page against the mart, names that would be code, and data that hold next to nothing.
